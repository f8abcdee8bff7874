/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same bytes as a signed image and as a key. */
#include "image/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct esp_image image;
    struct signature signature;
    struct signature_key key;
    struct error error = {0};

    if (esp_image_parse(data, size, &image, &error) == 0) {
        signature_read(data, size, &image, &signature);
        signature_check(&signature, &error);
    }
    signature_key_read(&key, "fuzz", data, size, &error);
    return 0;
}
