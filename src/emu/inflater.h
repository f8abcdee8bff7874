/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zlib stream that arrives in blocks, with the 32 KiB output window that the chips have. */
#ifndef ESPJIG_EMU_INFLATER_H
#define ESPJIG_EMU_INFLATER_H

#include <stddef.h>
#include <stdint.h>

struct inflater;

enum inflater_state { INFLATER_MORE, INFLATER_END, INFLATER_BAD };

typedef void inflater_sink(void *context, const uint8_t *bytes, size_t n);

struct inflater *inflater_new(void);
void inflater_free(struct inflater *in); /* NULL is fine */

/* Hands over the window each time it is full, and what is in it at the end of the stream. Bytes
 * behind the end are ignored. */
enum inflater_state inflater_run(struct inflater *in, const uint8_t *bytes, size_t n,
                                 inflater_sink *sink, void *context);

/* Hands over what is in the window now. */
void inflater_flush(struct inflater *in, inflater_sink *sink, void *context);

#endif
