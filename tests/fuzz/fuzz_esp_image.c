/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/esp_image.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct esp_image image;
    struct esp_app_desc app;
    struct esp_boot_desc boot;
    struct error error = {0};
    char what[64];

    if (esp_image_parse(data, size, &image, &error) == 0)
        esp_image_verify(data, &image, &error);
    image_describe(data, size, what, sizeof what);
    esp_app_desc_read(data, size, &app);
    esp_boot_desc_read(data, size, &boot);
    return 0;
}
