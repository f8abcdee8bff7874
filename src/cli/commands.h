/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions behind the rows of the command table that are not in commands.c. */
#ifndef ESPJIG_CLI_COMMANDS_H
#define ESPJIG_CLI_COMMANDS_H

#include "cli/options.h"

int chips_list(struct cli *cli, struct error *error);        /* chips.c */
int elf2image(struct cli *cli, struct error *error);         /* elf2image.c */
int partitions_run(struct cli *cli, struct error *error);    /* partitions.c */
int run_checked(struct cli *cli, struct error *error);       /* commands.c: the job, on its ports */
int demo_run(struct cli *cli, struct error *error);          /* demo.c */
int station_main(struct cli *cli, struct error *error);      /* station.c: `espjig station` */
int dashboard_run(struct cli *cli, struct error *error);     /* station.c: `espjig` */
int image_info(struct cli *cli, struct error *error);        /* image_info.c */
int merge_bin(struct cli *cli, struct error *error);         /* merge.c */
int split_bin(struct cli *cli, struct error *error);         /* merge.c */
int job_check_command(struct cli *cli, struct error *error); /* jobs.c */
int job_show_command(struct cli *cli, struct error *error);
int job_import_command(struct cli *cli, struct error *error);
int job_export_command(struct cli *cli, struct error *error);

/* commands.c: the chip that -c names; NULL: it is not given, or auto. ERR_UNKNOWN_CHIP. */
int cli_chip_find(const struct cli *cli, const struct chip **chip, struct error *error);
/* The same into the job, whose own word stays where -c says none. */
int cli_chip_take(struct cli *cli, struct error *error);

/* port_rules.c: rules among cli->ports become the ports that fit. ERR_PORT_MISSING: none does. */
int ports_resolve(struct cli *cli, struct error *error);

/* Whether stdin and stdout are a terminal. */
bool dashboard_possible(void);

/* Draws the station at `path`, which is started with `argv` when none answers there. */
int dashboard_open(struct cli *cli, const char *path, char *const argv[], const char *title,
                   struct error *error);

#endif
