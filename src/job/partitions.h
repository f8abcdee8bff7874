/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partition tables of a job: the one among its own images, and the one that the chip holds. For
 * job/ only. */
#ifndef ESPJIG_JOB_PARTITIONS_H
#define ESPJIG_JOB_PARTITIONS_H

#include "image/image.h"
#include "job/run.h"

/* The first `size` bytes of what the chip holds at job->table_address, slower where the line is
 * bad; the flash must be attached. */
int job_table_bytes(struct run *run, uint8_t *to, uint32_t size);

/* Reads the sector at job->table_address from the chip into run->table, the first time; the flash
 * must be attached. That it holds no table is no error: run->table.table.n is 0 then, and
 * run->table.why says what is there. Errors are those of reading, and ERR_TOO_BIG where the flash
 * does not reach so far. */
int job_table_read(struct run *run);

/* The same, where there must be one, for the images that are named by their partition:
 * ERR_PARTITION. */
int job_table_for_images(struct run *run);

/* The op with address and size of the partition that it names, from the chip's table; the job's op
 * as it is where it names none. */
int job_op_resolve(struct run *run, size_t index, struct op *op);

/* Images that are named by their partition. */
struct job_place {
    const char *name;           /* NULL: the image has an address */
    struct partition partition; /* that it has been found to be */
};

/* Fills the addresses of the specs that have a name, from the partition table among the other
 * specs, else from `chip_table`; *known is false when that is NULL, too. ERR_PARTITION lists the
 * names that there are. */
int job_places_find(struct image_spec *specs, struct job_place *places, size_t n,
                    uint32_t table_address, const struct chip *chip,
                    const struct partition_table *chip_table, bool *known, struct error *error);

/* Whether everything fits the partition it was named for: ERR_PARTITION. */
int job_places_check(const struct plan *plan, const struct image_spec *specs,
                     const struct job_place *places, size_t n, struct error *error);

#endif
