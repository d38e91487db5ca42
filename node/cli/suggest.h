/** "Did you mean": the nearest known words. */
#pragma once

#include "cli/cli.h"

/** Say that the word is unknown and name up to three near ones; exit 2. */
enum sph_exit sph_suggest(const sph_cli *cli, int argc, char **argv);
