#include <stdio.h>

#include "cli/cli.h"

/** Works without a home; --json prints what GET node/version would answer. */
enum sph_exit sph_cmd_version(sph_cli *cli)
{
    if (cli->is_json)
        printf("{\"schema\":\"saphan.version/1\",\"version\":\"%s\"}\n", SAPHAN_VERSION);
    else
        printf("saphan %s\n", SAPHAN_VERSION);
    return SPH_EXIT_DONE;
}
