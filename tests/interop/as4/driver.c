/* Builds and opens AS4 messages from key files, for the independent oracle (oracle.py). Prints one
 * JSON object.
 *
 *   as4_driver build SUITE KEYS OUT PART…     KEYS/there.* signs, KEYS/here.* receives; OUT.mime,
 * OUT.type, OUT.refs as4_driver open SUITE KEYS IN             verdict, code, rule, SHA-256 of each
 * part; IN.receipt when accepted as4_driver receipt SUITE KEYS IN REFS     does the receipt IN
 * prove the set in REFS? as4_driver gzip IN OUT                    padded packet as4_driver bench
 * SUITE KEYS PART          microseconds of build and of open + verify + unwrap
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "as4/build.h"
#include "as4/gzip.h"
#include "as4/receive.h"
#include "base/codec.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "xml/xml.h"

#define FILE_MAX (64u << 20)

struct party {
    sph_key *sign_key, *encrypt_key;
    sph_cert *root, *sign, *encrypt;
};

static void party_clear(struct party *p)
{
    sph_cert_free(&p->encrypt);
    sph_cert_free(&p->sign);
    sph_cert_free(&p->root);
    sph_key_free(&p->encrypt_key);
    sph_key_free(&p->sign_key);
}

/* What every command works with. */
struct run {
    sph_files *files;
    enum sph_suite suite;
    struct party here, there;
    int64_t now_ms;
};

static void run_clear(struct run *run)
{
    party_clear(&run->here);
    party_clear(&run->there);
    sph_files_real_free(&run->files);
}

static sph_rc load(const struct run *run, const char *folder, const char *name, sph_buf *out,
                   sph_err *err)
{
    char path[1024];
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s%s", folder, name), err, "path");
    return sph_file_load(run->files, path, out, err);
}

static sph_rc store(const struct run *run, const char *path, const char *ending, sph_slice bytes,
                    sph_err *err)
{
    char whole[1024];
    SPH_TRY(sph_str_format(whole, sizeof(whole), err, "%s%s", path, ending), err, "path");
    return sph_file_store(run->files, whole, bytes, true, err);
}

static sph_rc load_key(const struct run *run, const char *folder, const char *name, sph_key **out,
                       sph_err *err)
{
    SPH_AUTO(sph_buf) pem = sph_buf_init(65536);
    SPH_TRY(load(run, folder, name, &pem, err), err, "%s", name);
    return sph_key_load_pem(sph_buf_peek(&pem), out, err);
}

static sph_rc load_cert(const struct run *run, const char *folder, const char *name, sph_cert **out,
                        sph_err *err)
{
    SPH_AUTO(sph_buf) pem = sph_buf_init(65536);
    SPH_TRY(load(run, folder, name, &pem, err), err, "%s", name);
    return sph_cert_parse_pem(sph_buf_peek(&pem), out, err);
}

static sph_rc load_party(const struct run *run, const char *keys, const char *name,
                         struct party *out, sph_err *err)
{
    char folder[1024];
    SPH_TRY(sph_str_format(folder, sizeof(folder), err, "%s/%s.", keys, name), err, "path");
    SPH_TRY(load_key(run, folder, "sign.key", &out->sign_key, err), err, "%s", name);
    SPH_TRY(load_key(run, folder, "encrypt.key", &out->encrypt_key, err), err, "%s", name);
    SPH_TRY(load_cert(run, folder, "root.pem", &out->root, err), err, "%s", name);
    SPH_TRY(load_cert(run, folder, "sign.pem", &out->sign, err), err, "%s", name);
    return load_cert(run, folder, "encrypt.pem", &out->encrypt, err);
}

static sph_rc start(struct run *run, const char *suite, const char *keys, sph_err *err)
{
    run->now_ms = sph_clock_real()->now_ms(sph_clock_real()->ctx);
    SPH_TRY(sph_suite_of(sph_slice_str(suite), &run->suite, err), err, "suite");
    SPH_TRY(load_party(run, keys, "here", &run->here, err), err, "keys");
    return load_party(run, keys, "there", &run->there, err);
}

/* ------------------------------------------------------------------ build */

struct message {
    sph_buf mime;
    sph_as4_built built;
};

static void message_clear(struct message *m)
{
    sph_buf_clear(&m->mime);
    sph_as4_built_clear(&m->built);
}

static sph_rc build(const struct run *run, const sph_as4_payload *parts, size_t count,
                    enum sph_token_ref form, struct message *out, sph_err *err)
{
    const char *id = getenv("AS4_MESSAGE_ID");
    const sph_as4_user user = {.message_id =
                                   id ? id : "0f8fad5b-d9cb-469f-a165-70867728950e@there.example",
                               .timestamp_ms = run->now_ms,
                               .from = "there.example",
                               .from_type = SPH_PARTY_TYPE,
                               .from_role = SPH_NS_EB "initiator",
                               .to = "here.example",
                               .to_type = SPH_PARTY_TYPE,
                               .to_role = SPH_NS_EB "responder",
                               .service = SPH_SERVICE,
                               .action = "a2",
                               .conversation_id = ""};
    const sph_as4_signer signer = {run->there.sign_key, run->there.sign, run->there.root, form};
    const sph_writer writer = sph_writer_of_buf(&out->mime);
    return sph_as4_build_user(&user, parts, count, run->suite, &signer, run->here.encrypt, form,
                              sph_random_real(), &writer, &out->built, err);
}

static enum sph_token_ref form_of(const char *name)
{
    static const char *const names[] = {"bst-x509v3", "bst-pkipath", "ski", "issuer-serial"};
    size_t i = 0;
    while (i < 3 && !sph_slice_is(sph_slice_str(names[i]), name))
        i++;
    return (enum sph_token_ref)i;
}

static sph_rc build_command(struct run *run, char **args, int count, sph_err *err)
{
    static sph_buf gz[33];
    static char cids[33][128];
    sph_as4_payload parts[33];
    const char *form = getenv("AS4_TOKEN");
    const size_t part_count = count < 4 ? 0 : (size_t)count - 4;
    SPH_TRY(start(run, args[0], args[1], err), err, "start");
    for (size_t i = 0; i < part_count && i < 33; i++) {
        SPH_AUTO(sph_buf) plain = sph_buf_init(FILE_MAX);
        gz[i] = sph_buf_init(FILE_MAX);
        SPH_TRY(sph_file_load(run->files, args[3 + i], &plain, err), err, "part %zu", i);
        SPH_TRY(sph_gzip_packet(sph_buf_peek(&plain), &gz[i], err), err, "part %zu", i);
        SPH_TRY(sph_as4_new_cid(sph_random_real(), "there.example", cids[i], err), err, "cid");
        parts[i] = (sph_as4_payload){.cid = cids[i],
                                     .mime_type = "application/xml",
                                     .octets = sph_buf_peek(&gz[i]),
                                     .len = gz[i].len,
                                     .sha256 = sph_sha256_of(sph_buf_peek(&gz[i]))};
    }
    __attribute__((cleanup(message_clear))) struct message m = {.mime = sph_buf_init(FILE_MAX)};
    const sph_rc rc =
        build(run, parts, part_count, form_of(form == NULL ? "bst-x509v3" : form), &m, err);
    for (size_t i = 0; i < 33; i++)
        sph_buf_clear(&gz[i]);
    SPH_TRY(rc, err, "build");
    SPH_AUTO(sph_buf) refs = sph_buf_init(65536);
    SPH_TRY(sph_as4_refs_print(&m.built.refs, &refs, err), err, "refs");
    SPH_TRY(store(run, args[2], ".mime", sph_buf_peek(&m.mime), err), err, "store");
    SPH_TRY(store(run, args[2], ".type", sph_slice_str(m.built.content_type), err), err, "store");
    SPH_TRY(store(run, args[2], ".refs", sph_buf_peek(&refs), err), err, "store");
    printf("{\"verdict\":\"built\",\"length\":%llu}\n", (unsigned long long)m.built.len);
    return sph_ok();
}

/* ------------------------------------------------------------------ open */

static void print_fault(const sph_as4_fault *fault)
{
    printf("{\"verdict\":\"refused\",\"code\":\"%s\",\"rule\":\"%s\"}\n",
           sph_ebms_code(fault->code), fault->rule);
}

static sph_rc print_parts(const sph_as4_parts *parts, sph_err *err)
{
    printf("{\"verdict\":\"accepted\",\"code\":\"\",\"parts\":[");
    for (size_t i = 0; i < parts->count; i++) {
        SPH_AUTO(sph_buf) hex = sph_buf_init(65);
        SPH_TRY(sph_hex_encode(sph_slice_hash(&parts->part[i].sha256), &hex, err), err, "hex");
        printf("%s\"%s\"", i == 0 ? "" : ",", sph_buf_text(&hex));
    }
    printf("]}\n");
    return sph_ok();
}

/* Open, verify, unwrap. SPH_EREFUSED with *fault. */
static sph_rc open_message(const struct run *run, const char *type, sph_slice bytes,
                           sph_as4_in **in, sph_as4_parts *parts, sph_as4_fault *fault,
                           sph_err *err)
{
    const sph_as4_source source = {.bytes = bytes};
    const sph_cert *known[] = {run->there.sign};
    const sph_as4_trust trust = {.party = "there.example",
                                 .root = run->there.root,
                                 .at_ms = run->now_ms,
                                 .suite = run->suite,
                                 .known = known,
                                 .known_count = 1,
                                 .is_foreign = getenv("AS4_FOREIGN") != NULL,
                                 .pinned = known,
                                 .pinned_count = 1};
    const sph_as4_recipient own = {run->here.encrypt_key, run->here.encrypt};
    SPH_TRY(sph_as4_open(type, &source, sph_limits_default(), in, fault, err), err, "open");
    SPH_TRY(sph_as4_verify(*in, &trust, fault, err), err, "verify");
    return sph_as4_unwrap(*in, &own, 1, sph_random_real(), run->files, "/tmp", sph_limits_default(),
                          parts, fault, err);
}

static sph_rc open_command(struct run *run, char **args, int count, sph_err *err)
{
    sph_as4_fault fault = {0};
    static sph_as4_parts parts;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf)
    bytes = sph_buf_init(FILE_MAX), type = sph_buf_init(4096), receipt = sph_buf_init(1u << 20);
    if (count < 4)
        return sph_fail(err, SPH_EARG, "open SUITE KEYS IN");
    SPH_TRY(start(run, args[0], args[1], err), err, "start");
    SPH_TRY(load(run, args[2], ".mime", &bytes, err), err, "message");
    SPH_TRY(load(run, args[2], ".type", &type, err), err, "message");
    const sph_rc rc =
        open_message(run, sph_buf_text(&type), sph_buf_peek(&bytes), &in, &parts, &fault, err);
    if (rc.code == SPH_EREFUSED) {
        print_fault(&fault);
        return sph_ok();
    }
    SPH_TRY(rc, err, "open");
    const sph_as4_signer signer = {run->here.sign_key, run->here.sign, run->here.root,
                                   SPH_TOKEN_BST_X509};
    SPH_TRY(sph_as4_build_receipt(in, "7c9e6679-7425-40de-944b-e07fc1f90ae7@here.example",
                                  run->now_ms, (sph_slice){0}, run->suite, &signer,
                                  sph_random_real(), &receipt, err),
            err, "receipt");
    SPH_TRY(store(run, args[2], ".receipt", sph_buf_peek(&receipt), err), err, "receipt");
    const sph_rc printed = print_parts(&parts, err);
    sph_as4_parts_clear(&parts);
    return printed;
}

/* ------------------------------------------------------------------ receipt, gzip, bench */

static sph_rc receipt_command(struct run *run, char **args, int count, sph_err *err)
{
    sph_as4_fault fault = {0};
    sph_as4_refs refs;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(FILE_MAX), text = sph_buf_init(65536);
    if (count < 5)
        return sph_fail(err, SPH_EARG, "receipt SUITE KEYS IN REFS");
    SPH_TRY(start(run, args[0], args[1], err), err, "start");
    SPH_TRY(load(run, args[2], "", &bytes, err), err, "receipt");
    SPH_TRY(load(run, args[3], "", &text, err), err, "references");
    SPH_TRY(sph_as4_refs_parse(sph_buf_peek(&text), &refs, err), err, "references");
    const sph_as4_source source = {.bytes = sph_buf_peek(&bytes)};
    const sph_as4_trust trust = {
        .party = "here.example", .root = run->here.root, .at_ms = run->now_ms, .suite = run->suite};
    sph_rc rc =
        sph_as4_open("application/soap+xml", &source, sph_limits_default(), &in, &fault, err);
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(in, &trust, &fault, err);
    if (rc.code == SPH_EREFUSED) {
        print_fault(&fault);
        return sph_ok();
    }
    SPH_TRY(rc, err, "receipt");
    const bool is_good = sph_as4_receipt_check(in, &refs, err).code == SPH_OK;
    printf("{\"verdict\":\"%s\",\"code\":\"%s\"}\n", is_good ? "accepted" : "refused",
           is_good ? "" : "EBMS:0302");
    return sph_ok();
}

static sph_rc gzip_command(struct run *run, char **args, int count, sph_err *err)
{
    SPH_AUTO(sph_buf) plain = sph_buf_init(FILE_MAX), gz = sph_buf_init(FILE_MAX);
    if (count < 3)
        return sph_fail(err, SPH_EARG, "gzip IN OUT");
    SPH_TRY(load(run, args[0], "", &plain, err), err, "input");
    SPH_TRY(sph_gzip_packet(sph_buf_peek(&plain), &gz, err), err, "gzip");
    SPH_TRY(store(run, args[1], "", sph_buf_peek(&gz), err), err, "output");
    printf("{\"verdict\":\"packed\",\"length\":%zu}\n", gz.len);
    return sph_ok();
}

static int64_t micros(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static sph_rc bench_command(struct run *run, char **args, int count, sph_err *err)
{
    static sph_as4_parts parts;
    SPH_AUTO(sph_buf) octets = sph_buf_init(FILE_MAX);
    if (count < 4)
        return sph_fail(err, SPH_EARG, "bench SUITE KEYS PART");
    SPH_TRY(start(run, args[0], args[1], err), err, "start");
    SPH_TRY(load(run, args[2], "", &octets, err), err, "part");
    const sph_as4_payload part = {.cid = "0@there.example",
                                  .mime_type = "application/xml",
                                  .octets = sph_buf_peek(&octets),
                                  .len = octets.len,
                                  .sha256 = sph_sha256_of(sph_buf_peek(&octets))};
    int64_t build_us = 0, open_us = 0;
    const char *runs = getenv("AS4_RUNS");
    uint64_t count_of_runs = 2000;
    if (runs != NULL)
        SPH_TRY(sph_slice_u64(sph_slice_str(runs), 1000000, &count_of_runs, err), err, "AS4_RUNS");
    for (uint64_t i = 0; i < count_of_runs; i++) {
        sph_as4_fault fault;
        SPH_AUTO_PTR(sph_as4_in) *in = NULL;
        __attribute__((cleanup(message_clear))) struct message m = {.mime = sph_buf_init(FILE_MAX)};
        const int64_t began = micros();
        SPH_TRY(build(run, &part, 1, SPH_TOKEN_BST_X509, &m, err), err, "build");
        const int64_t built = micros();
        SPH_TRY(open_message(run, m.built.content_type, sph_buf_peek(&m.mime), &in, &parts, &fault,
                             err),
                err, "open");
        open_us += micros() - built;
        build_us += built - began;
        sph_as4_parts_clear(&parts);
    }
    printf("{\"verdict\":\"measured\",\"part\":%zu,\"build_us\":%lld,\"open_us\":%lld}\n",
           octets.len, (long long)(build_us / (int64_t)count_of_runs),
           (long long)(open_us / (int64_t)count_of_runs));
    return sph_ok();
}

static sph_rc dispatch(struct run *run, int argc, char **argv, sph_err *err)
{
    static const struct {
        const char *name;
        sph_rc (*command)(struct run *run, char **args, int count, sph_err *err);
    } commands[] = {{"build", build_command},
                    {"open", open_command},
                    {"receipt", receipt_command},
                    {"gzip", gzip_command},
                    {"bench", bench_command}};
    SPH_TRY(sph_files_real_new("/", &run->files, err), err, "files");
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (sph_slice_is(sph_slice_str(argv[1]), commands[i].name))
            return commands[i].command(run, argv + 2, argc - 1, err);
    return sph_fail(err, SPH_EARG, "build, open, receipt, gzip or bench");
}

int main(int argc, char **argv)
{
    sph_err err = {0};
    struct run run = {0};
    sph_xml_start();
    sph_rc rc = sph_crypto_start(&err);
    if (rc.code == SPH_OK)
        rc = dispatch(&run, argc, argv, &err);
    for (unsigned i = 0; rc.code != SPH_OK && i < err.depth; i++)
        fprintf(stderr, "%s: %s\n", err.frame[i].where, err.frame[i].what);
    run_clear(&run);
    sph_crypto_stop();
    sph_xml_stop();
    return rc.code == SPH_OK ? 0 : 1;
}
