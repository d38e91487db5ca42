/** An EncryptedKey as read; for the files of node/xml only. */
#pragma once

#include "xml/xenc.h"

struct sph_xenc_key {
    enum sph_suite suite;
    const sph_xml_node *recipient; /* borrowed from the document, as are the references */
    const char **refs;
    size_t ref_count;
    sph_pubkey *originator; /* 2.0 only */
    sph_buf salt, info;     /* 2.0 only */
    sph_buf cipher;
};
