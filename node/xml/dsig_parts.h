/** A signature as read; for the files of node/xml only. */
#pragma once

#include "xml/dsig.h"

#define SPH_DSIG_VALUE_MAX 1024 /* RSA of 8,192 bits */

struct sph_dsig {
    const sph_xml_node *signed_info, *key_info, *object; /* borrowed from the document */
    const char *prefix_list;                             /* of CanonicalizationMethod */
    enum sph_key_kind kind;
    sph_dsig_ref *refs;
    size_t ref_count;
    sph_buf value;
};
