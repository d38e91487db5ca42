/** The words for foreign AS4 products: enrolling one, and files for it. */
#pragma once

#include "cli/cli.h"

/** `partner add --as4`. */
enum sph_exit sph_cli_foreign_add(sph_cli *cli);
/** Is --to one partner, a foreign one? Says nothing. */
bool sph_cli_foreign_is_addressed(sph_cli *cli);
/** `send FILE… --to FOREIGN`: the arguments and --attach files as the parts of one message. */
enum sph_exit sph_cli_foreign_send(sph_cli *cli);
/** The P-Mode of `partner show`. */
void sph_cli_foreign_print(const sph_cli *cli, const sph_json *partner);
