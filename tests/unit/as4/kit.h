/** Two invented partners and a third one, with keys of either suite; a good message to take apart,
 * change, sign again and judge. Nothing here is a fixture file: all is made by the code under test
 * and by the layers below it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "as4/build.h"
#include "as4/gzip.h"
#include "as4/receive.h"
#include "crypto/digest.h"

#define KIT_NOW_MS INT64_C(1795000000000) /* 2026-11 */
#define KIT_DAYS 300

struct kit_party {
    const char *name;
    sph_key *root_key, *sign_key, *encrypt_key;
    sph_cert *root, *sign, *encrypt;
};

/** Parties of one suite: `here` receives, `there` sends, `other` is a partner too. Made once, freed
 * by kit_stop. */
struct kit {
    enum sph_suite suite;
    struct kit_party here, there, other;
};
const struct kit *kit_of(enum sph_suite suite);
int kit_start(void **state); /* group set-up */
int kit_stop(void **state);  /* group tear-down */

/** Random octets that are the same in every run. */
const sph_random *kit_random(void);
/** Fails the test with the chain of reasons. */
void kit_good(sph_rc rc, const sph_err *err);

/** A message as bytes, split at the SOAP part so that it can be changed. */
struct kit_msg {
    const struct kit *kit;
    char content_type[256];
    sph_buf before, root, after; /* MIME octets around the SOAP part */
    sph_as4_refs refs;
    sph_hash root_sha256;
    uint64_t len;
};
void kit_msg_clear(struct kit_msg *msg);

/** What kit_message is asked for; {0} is: bst-x509v3, one part. */
struct kit_wish {
    size_t parts; /* 0: one */
    bool is_ping; /* no part */
    enum sph_token_ref sign_form, encrypt_form;
    bool has_first_empty;
    const struct kit_party *signer, *recipient; /* NULL: there, here */
    sph_slice first; /* gzip octets of the leading part; empty: a small packet */
};
#define KIT_MESSAGE_ID "0f8fad5b-d9cb-469f-a165-70867728950e@there.example"
void kit_message(const struct kit *kit, const struct kit_wish *wish, struct kit_msg *out);
/** Plain octets of part `index` of a kit message. */
sph_slice kit_part_plain(size_t index);

/** Text work on the SOAP part. Each fails the test when the text to find is not there. */
void kit_replace(struct kit_msg *msg, const char *old, const char *with);
void kit_replace_all(struct kit_msg *msg, const char *old, const char *with);
void kit_insert_before(struct kit_msg *msg, const char *mark, const char *text);
void kit_insert_after(struct kit_msg *msg, const char *mark, const char *text);
/** A copy of the text from `from` up to and with `to`; owned (sph_str_free). */
char *kit_copy(const struct kit_msg *msg, const char *from, const char *to);
/** Cut that text out and return it. */
char *kit_cut(struct kit_msg *msg, const char *from, const char *to);
/** Compute the digests of all #references anew and sign SignedInfo with this key. */
void kit_resign(struct kit_msg *msg, const sph_key *key);

/** Work on the MIME octets behind the SOAP part. */
void kit_replace_after(struct kit_msg *msg, const char *old, const char *with);

/** The whole message as octets; owned by the caller. */
void kit_bytes(const struct kit_msg *msg, sph_buf *out);
/** Open, verify and unwrap at `here`, trusting `there`. True when all three succeed. */
bool kit_judge(const struct kit_msg *msg, sph_as4_fault *fault);
/** The same, with the message that verify accepted handed out (owned). */
sph_as4_in *kit_open(const struct kit_msg *msg);
sph_as4_trust kit_trust(const struct kit *kit);
/** Expect a refusal with exactly this code and rule. */
void kit_expect(const char *id, const struct kit_msg *msg, enum sph_ebms code, const char *rule);

/** Judge raw octets (no MIME knowledge). */
bool kit_judge_bytes(const struct kit *kit, const char *content_type, sph_slice bytes,
                     sph_as4_fault *fault);
/** Number of files in the spool folder of the kit: 0 unless something leaks. */
size_t kit_spool_count(void);
const sph_files *kit_files(void);
#define KIT_SPOOL "spool"
