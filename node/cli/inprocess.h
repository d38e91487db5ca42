/** The same API handler without a running node: opens the home under its lock, handles one request,
 * closes. */
#pragma once

#include "base/env.h"
#include "cli/cli.h"

/** The body as the command holds it. */
struct sph_inprocess_body {
    const sph_files *files; /* of `file` */
    sph_file *file;         /* NULL: bytes */
    sph_slice bytes;
    uint64_t len;
    const char *content_type;
    const sph_writer *sink; /* where the body of a 2xx answer goes; NULL: answer->body */
};
/** Errors as sph_node_open; everything else is in the answer. */
SPH_MUST sph_rc sph_inprocess_call(sph_cli *cli, const char *method, const char *target,
                                   const struct sph_inprocess_body *body, sph_answer *answer,
                                   sph_err *err);
