/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views: model and dash go in, cells come out. Nothing else is changed, but for what a drawing
 * alone can know: which row of a list is the first to be seen, and how many there are.
 */
#ifndef ESPJIG_UI_DRAW_H
#define ESPJIG_UI_DRAW_H

#include "ui/canvas.h"
#include "ui/dash.h"

/* The whole screen, whatever size the canvas has. */
void draw_screen(struct canvas *canvas, struct dash *dash);

/* ---- views (one file each) ---- */
void draw_boards(struct canvas *canvas, struct dash *dash, struct area area);
void draw_images(struct canvas *canvas, struct dash *dash, struct area area);
void draw_files(struct canvas *canvas, struct dash *dash, struct area area);
void draw_partitions(struct canvas *canvas, struct dash *dash, struct area area);
void draw_notes(struct canvas *canvas, struct dash *dash, struct area area);
void draw_help(struct canvas *canvas, struct dash *dash, struct area area);

/* The flash to scale, with a legend; the chosen image, or else the partition, stands out. Needs 3
 * rows. Returns the rows used. */
struct map_choice {
    size_t image; /* of the bench; any other number: none */
    const struct partition *place;
};
int draw_map(struct canvas *canvas, const struct dash *dash, struct area area,
             const struct map_choice *chosen);

/* The selected board in detail. */
void draw_board(struct canvas *canvas, struct dash *dash, const struct model_slot *slot,
                struct area area);

/* ---- pieces ---- */

/* A rule with a title in it; `right` may be "". */
void draw_rule(struct canvas *canvas, int row, const char *title, const char *right,
               unsigned right_style);

/* Puts the mark of the selected row and turns it into reverse video. */
void draw_selected(struct canvas *canvas, int row);

/* Moves *top so that `index` is among `rows` of `n`. */
void draw_scroll(size_t *top, size_t index, size_t n, int rows);

/* "─ 3 more ↓" belongs in the list's last row. */
void draw_more(struct canvas *canvas, int row, size_t above, size_t below);

/* The area without its first n rows. */
struct area area_below(struct area area, int n);

/* One unit down a column: bytes when all of it is small, else KB. */
bool size_in_kb(uint64_t largest);
const char *size_text(char *to, size_t size, uint64_t bytes, bool in_kb);
/* "0x010000"; for an image also a word such as "bootloader" or "ota_0". */
const char *address_text(char *to, size_t size, uint32_t address);
const char *image_address_text(char *to, size_t size, const struct job_image *image);
const char *left_text(char *to, size_t size, double seconds); /* "4 s"; "" when not known */
const char *percent_text(char *to, size_t size, uint64_t done, uint64_t total);

/* "ESP32-C3" for a key of the chip table; "" when unknown. */
const char *slot_chip_name(const struct model_slot *slot);

/* Whether the last job was stopped by its user: neither passed nor failed. */
bool slot_stopped(const struct model_slot *slot);

/* Whether the last job failed, and so has something to explain. */
bool slot_failed(const struct model_slot *slot);

/* What went wrong, without the port's name in front: that stands beside it. */
const char *slot_failure(const struct model_slot *slot);

/* Whether every file of the last job was confirmed by the chip. */
bool slot_verified(const struct model_slot *slot);

/* What a state is busy with where there is no bar to show: "verifying"; "". */
const char *state_activity(enum job_state state);

#endif
