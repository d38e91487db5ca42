/** MIME of a received message (as4.md 4): Content-Type, splitting into parts by offsets, and
 * reading a part's octets. Bodies are scanned in chunks, never held; a nested structure is refused,
 * not followed. Private to this folder. */
#pragma once

#include "as4/fault.h"
#include "as4/names.h"

/** A parsed Content-Type; parameters we do not use are checked for form and repetition only. */
struct sph_mime_type {
    char essence[128];                                     /* lower case, "multipart/related" */
    char boundary[71], type[128], start[260], charset[32]; /* "" when absent; quotes removed */
};
/** SPH_EREFUSED MIME_PARAMETER: repeated or continued (RFC 2231) parameter, comment, quoted pair,
 * control character. */
SPH_MUST sph_rc sph_mime_type_parse(sph_slice text, struct sph_mime_type *out, sph_as4_fault *fault,
                                    sph_err *err);

enum sph_mime_encoding { SPH_MIME_IDENTITY, SPH_MIME_BASE64, SPH_MIME_QUOTED_PRINTABLE };

struct sph_mime_part {
    char cid[256]; /* brackets removed, percent-decoded; "" when absent */
    struct sph_mime_type type;
    enum sph_mime_encoding encoding;
    uint64_t at, len; /* of the encoded body in the source */
};
typedef struct sph_mime {
    size_t count; /* [0] is the SOAP root part */
    struct sph_mime_part part[MAX_PARTS + 1];
} sph_mime;
void sph_mime_free(sph_mime **mime); /* of one made with sph_mem_new */

/** Split a multipart/related body, or make one root part of a bare application/soap+xml body. */
SPH_MUST sph_rc sph_mime_split(const char *content_type, const sph_as4_source *source,
                               const struct sph_limits *limits, sph_mime *out, sph_as4_fault *fault,
                               sph_err *err);

/** Parse the header fields of one part: `text` ends with its empty line. Fills everything but at
 * and len. */
SPH_MUST sph_rc sph_mime_head_parse(sph_slice text, const struct sph_limits *limits,
                                    struct sph_mime_part *out, sph_as4_fault *fault, sph_err *err);

/** The decoded octets of a part; SPH_EPARSE when its transfer encoding is broken. */
typedef struct sph_mime_reader {
    const sph_as4_source *source;
    enum sph_mime_encoding encoding;
    uint64_t at, left; /* encoded octets not read yet */
    uint8_t in[3072];
    size_t in_at, in_len;
    uint8_t group[4]; /* base64 quantum or =XX being collected */
    unsigned group_len;
    uint8_t ready[3]; /* decoded, not handed out yet */
    unsigned ready_at, ready_len;
    bool is_padded; /* base64: nothing may follow */
} sph_mime_reader;
void sph_mime_reader_free(sph_mime_reader **reader); /* of one made with sph_mem_new */
sph_reader sph_mime_reader_of(sph_mime_reader *state, const sph_as4_source *source,
                              const struct sph_mime_part *part);

/** Up to `room` octets at an offset; *got is short only at the end. */
SPH_MUST sph_rc sph_as4_source_read(const sph_as4_source *source, uint64_t at, uint8_t *to,
                                    size_t room, size_t *got, sph_err *err);
/** Offset of `needle` (<= 128 octets) that starts in [from, to), or UINT64_MAX. Constant memory. */
SPH_MUST sph_rc sph_as4_source_find(const sph_as4_source *source, sph_slice needle, uint64_t from,
                                    uint64_t to, uint64_t *at, sph_err *err);
/** Percent-decode a cid into printable ASCII without spaces or brackets. SPH_EPARSE, SPH_ELIMIT. */
SPH_MUST sph_rc sph_as4_cid_decode(sph_slice text, char *to, size_t room, sph_err *err);
