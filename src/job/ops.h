/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ops: one function per row of the table in ops.c, and what they share. For job/ only. */
#ifndef ESPJIG_JOB_OPS_H
#define ESPJIG_JOB_OPS_H

#include "job/run.h"

/* Each runs job->ops[index]; fills run->error and returns its code. */
int op_write_flash(struct run *run, size_t index);
int op_verify_flash(struct run *run, size_t index);
int op_read_flash(struct run *run, size_t index);
int op_erase_flash(struct run *run, size_t index);
int op_erase_region(struct run *run, size_t index);
int op_chip_id(struct run *run, size_t index);
int op_flash_id(struct run *run, size_t index);
int op_read_mac(struct run *run, size_t index);
int op_get_security_info(struct run *run, size_t index);
int op_read_mem(struct run *run, size_t index);
int op_write_mem(struct run *run, size_t index);
int op_dump_mem(struct run *run, size_t index);
int op_load_ram(struct run *run, size_t index);
int op_run(struct run *run, size_t index);
int op_read_flash_status(struct run *run, size_t index);
int op_write_flash_status(struct run *run, size_t index);
int op_read_flash_sfdp(struct run *run, size_t index);
int op_read_partitions(struct run *run, size_t index);

/* Begins the op's `result` event; ok unless run->error is set. */
void op_result(struct run *run, enum op_kind kind, struct event *event);

/* Does the op end behind the end of the flash? ERR_TOO_BIG. */
int op_check_range(struct run *run, const struct op *op, uint64_t size);

/* Whether what was read is what the chip holds: ERR_VERIFY_FAILED. */
int op_read_confirm(struct run *run, uint32_t address, const uint8_t *data, uint32_t size);

/* The whole flash, confirmed where the chip has an MD5. */
int op_erase_all(struct run *run);

#endif
