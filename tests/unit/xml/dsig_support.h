/** A small signed document for the tests of signatures: an enveloped reference and one to an id. */
#pragma once

#include "xml_support.h"

#include "xml/dsig.h"

static const struct sph_xml_prefix signed_prefixes[] = {
    {"", "urn:test:doc"}, {"t", "urn:test:body"}, {"ds", SPH_NS_DS}, {NULL, NULL}};

/* Content without and, when refs are given, with its signature. */
static inline void write_document(const sph_dsig_ref *refs, const sph_key *signer, sph_buf *out)
{
    sph_err err = {0};
    sph_xml_writer *w = NULL;
    must(sph_xml_writer_new(signed_prefixes, out, &w, &err), &err);
    sph_xml_open(w, "Doc");
    sph_xml_set(w, "a", "x & y");
    sph_xml_open(w, "t:Body");
    sph_xml_set(w, "Id", "body");
    sph_xml_leaf(w, "t:p", "\xE0\xBA\xAA\xE0\xBA\xB0 < \xE0\xB8\xAA\xE0\xB8\xB0\r");
    sph_xml_close(w);
    sph_xml_leaf(w, "rest", "more");
    if (refs) {
        sph_xml_open(w, "ds:Signature");
        sph_xml_set(w, "Id", "SIG");
        must(sph_dsig_write(w, out, refs, 2, signer, &err), &err);
        sph_xml_open(w, "ds:KeyInfo");
        sph_xml_leaf(w, "ds:KeyName", "test");
        sph_xml_close(w);
        sph_xml_close(w);
    }
    sph_xml_close(w);
    must(sph_xml_writer_end(w, &err), &err);
    sph_xml_writer_free(&w);
}

static inline sph_hash hash_between(sph_slice text, const char *from, const char *to)
{
    const size_t start = sph_slice_find(text, sph_slice_str(from), 0);
    const size_t end = sph_slice_find(text, sph_slice_str(to), start) + sph_slice_str(to).len;
    return sph_sha256_of(sph_slice_sub(text, start, end - start));
}

static inline void make_signed(const sph_key *signer, sph_buf *out)
{
    SPH_AUTO(sph_buf) bare = sph_buf_init(65536);
    write_document(NULL, NULL, &bare);
    const sph_dsig_ref refs[] = {
        {.uri = "",
         .transform = SPH_TRANSFORM_ENVELOPED_EXC_C14N,
         .digest = sph_sha256_of(sph_buf_peek(&bare))},
        {.uri = "#body",
         .transform = SPH_TRANSFORM_EXC_C14N,
         .digest = hash_between(sph_buf_peek(&bare), "<t:Body", "</t:Body>")},
    };
    write_document(refs, signer, out);
}

static inline sph_key *make_key(enum sph_key_kind kind)
{
    sph_err err = {0};
    sph_key *key = NULL;
    must(sph_key_generate(kind, &key, &err), &err);
    return key;
}

/* The code of the first step that refuses: parse, read, verify, check of both references. */
static inline enum sph_code verify_parsed(const sph_xml *doc, const sph_pubkey *key, bool object)
{
    const sph_xml_node *root = sph_xml_root(doc);
    const sph_xml_node *signature = sph_xml_child(root, SPH_NS_DS, "Signature");
    const sph_xml_node *body = sph_xml_child(root, "urn:test:body", "Body");
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    sph_err err = {0};
    const sph_rc read = sph_dsig_read(signature, 2, object, &dsig, &err);
    if (read.code != SPH_OK) {
        assert_null(dsig);
        return read.code;
    }
    const sph_rc verified = sph_dsig_verify(dsig, key, &err);
    if (verified.code != SPH_OK)
        return verified.code;
    const sph_rc first = sph_dsig_check_node(sph_dsig_ref_at(dsig, 0), root, signature, &err);
    if (first.code != SPH_OK || sph_dsig_ref_count(dsig) < 2)
        return first.code;
    return sph_dsig_check_node(sph_dsig_ref_at(dsig, 1), body, NULL, &err).code;
}

static inline enum sph_code verify_code(sph_slice text, const sph_pubkey *key)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const struct sph_xml_limits limits = foreign_limits(); /* so that comments reach the reader */
    must(sph_xml_parse(text, &limits, &doc, &err), &err);
    return verify_parsed(doc, key, false);
}
