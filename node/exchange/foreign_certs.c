#include "exchange/foreign_certs.h"

#include <string.h>

#include "base/codec.h"

#define CERT_MAX ((size_t)16384)
#define KEPT_EACH 2u /* current and next */
#define CERTS_OF_FILE 8u

static const struct {
    const char *name;
    enum sph_cert_use use;
} uses[] = {{"sign", SPH_USE_SIGN}, {"encrypt", SPH_USE_ENCRYPT}, {"tls", SPH_USE_TLS}};
#define USES (sizeof(uses) / sizeof(uses[0]))

void sph_foreign_certs_clear(struct sph_foreign_certs *certs)
{
    for (size_t i = 0; i < certs->count; i++)
        sph_cert_free(&certs->row[i].cert);
    certs->count = 0;
}

static bool is_known(const struct sph_foreign_certs *certs, const char *use, const sph_cert *cert)
{
    for (size_t i = 0; i < certs->count; i++)
        if (strcmp(certs->row[i].use, use) == 0 &&
            sph_slice_equal(sph_cert_peek_der(certs->row[i].cert), sph_cert_peek_der(cert)))
            return true;
    return false;
}

static sph_rc add(struct sph_foreign_certs *certs, const char *use, const sph_cert *cert,
                  sph_err *err)
{
    if (is_known(certs, use, cert))
        return sph_ok();
    if (certs->count == SPH_FOREIGN_CERTS)
        return sph_fail(err, SPH_ELIMIT, "more than %d certificates", SPH_FOREIGN_CERTS);
    SPH_TRY(sph_str_copy(certs->row[certs->count].use, sizeof(certs->row[0].use),
                         sph_slice_str(use), err),
            err, "use");
    certs->row[certs->count++].cert = sph_cert_ref(cert);
    return sph_ok();
}

static sph_rc read_row(const sph_json *json, struct sph_foreign_certs *out, sph_err *err)
{
    SPH_AUTO(sph_buf) der = sph_buf_init(CERT_MAX);
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    const char *use = sph_json_get_text(json, "use");
    const char *text = sph_json_get_text(json, "der");
    SPH_TRY(sph_base64_decode(sph_slice_str(text ? text : ""), &der, err), err, "certificate");
    SPH_TRY(sph_cert_parse(sph_buf_peek(&der), &cert, err), err, "certificate");
    return add(out, use ? use : "", cert, err);
}

sph_rc sph_foreign_certs_read(const sph_json *list, struct sph_foreign_certs *out, sph_err *err)
{
    for (size_t i = 0; i < sph_json_count(list); i++)
        SPH_TRY(read_row(sph_json_at(list, i), out, err), err, "certificate %zu", i + 1);
    return sph_ok();
}

static bool fits_kind(enum sph_cert_use use, enum sph_key_kind kind, enum sph_suite suite)
{
    if (use == SPH_USE_SIGN)
        return kind == sph_suite_sign_kind(suite);
    if (use == SPH_USE_ENCRYPT)
        return kind == sph_suite_encrypt_kind(suite);
    return kind == SPH_KEY_RSA3072 || kind == SPH_KEY_P256;
}

/** Kind of key and key usage; a certificate that begins later is judged at its beginning. */
static bool fits(const sph_cert *cert, enum sph_cert_use use, enum sph_suite suite, int64_t now_ms)
{
    const sph_cert *const itself[1] = {cert};
    const int64_t from_ms = sph_cert_not_before_ms(cert);
    return fits_kind(use, sph_pubkey_kind_of(sph_cert_peek_key(cert)), suite) &&
           sph_cert_check_foreign(cert, itself, 1, NULL, use, from_ms > now_ms ? from_ms : now_ms,
                                  (sph_slice){NULL, 0}, NULL)
                   .code == SPH_OK;
}

static sph_rc refuse(struct sph_foreign_problem *problem, const char *key, const char *label,
                     sph_err *err)
{
    problem->key = key;
    const size_t room = sizeof(problem->value) - 1;
    SPH_TRY(sph_str_copy(problem->value, sizeof(problem->value),
                         sph_slice_sub(sph_slice_str(label), 0, room), err),
            err, "label");
    return sph_fail(err, SPH_EREFUSED, "%s", key);
}

/** A use that the operator named certificates for is not guessed from others. */
static bool is_named(const struct sph_foreign_certs *certs, const char *use)
{
    const struct sph_foreign_given *given = certs->given;
    for (size_t i = 0; given && i < given->cert_count; i++)
        if (strcmp(given->certs[i].use, use) == 0)
            return true;
    return false;
}

static sph_rc add_fitting(struct sph_foreign_certs *certs, const struct sph_foreign_cert *given,
                          const sph_cert *cert, enum sph_suite suite, int64_t now_ms,
                          struct sph_foreign_problem *problem, sph_err *err)
{
    const bool is_any = strcmp(given->use, "any") == 0;
    bool is_used = false;
    if (!sph_cert_peek_key(cert))
        return refuse(problem, "problem.foreign-key", given->label, err);
    if (sph_cert_not_after_ms(cert) <= now_ms)
        return refuse(problem, "problem.foreign-expired", given->label, err);
    for (size_t i = 0; i < USES; i++) {
        const bool is_meant =
            is_any ? !is_named(certs, uses[i].name) : strcmp(given->use, uses[i].name) == 0;
        if (!is_meant || !fits(cert, uses[i].use, suite, now_ms))
            continue;
        SPH_TRY(add(certs, uses[i].name, cert, err), err, "certificate");
        is_used = true;
    }
    return is_used ? sph_ok() : refuse(problem, "problem.foreign-use", given->label, err);
}

static sph_rc add_one(struct sph_foreign_certs *certs, const struct sph_foreign_cert *given,
                      sph_slice pem, enum sph_suite suite, int64_t now_ms,
                      struct sph_foreign_problem *problem, sph_err *err)
{
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    if (sph_cert_parse_pem(pem, &cert, err).code != SPH_OK)
        return refuse(problem, "problem.foreign-pem", given->label, err);
    if (strcmp(given->use, "ca") != 0)
        return add_fitting(certs, given, cert, suite, now_ms, problem, err);
    for (size_t i = 0; i < certs->count; i++) { /* one CA: a new one takes the old one's place */
        if (strcmp(certs->row[i].use, "ca") != 0)
            continue;
        sph_cert_free(&certs->row[i].cert);
        certs->row[i].cert = sph_cert_ref(cert);
        return sph_ok();
    }
    return add(certs, "ca", cert, err);
}

sph_rc sph_foreign_certs_add(struct sph_foreign_certs *certs, const struct sph_foreign_cert *given,
                             enum sph_suite suite, int64_t now_ms,
                             struct sph_foreign_problem *problem, sph_err *err)
{
    static const sph_slice begin = {(const uint8_t *)"-----BEGIN CERTIFICATE-----", 27};
    size_t count = 0;
    size_t at = sph_slice_find(given->pem, begin, 0);
    while (at != SIZE_MAX && count++ < CERTS_OF_FILE) {
        const size_t next = sph_slice_find(given->pem, begin, at + begin.len);
        const sph_slice one =
            sph_slice_sub(given->pem, at, next == SIZE_MAX ? SIZE_MAX : next - at);
        SPH_TRY(add_one(certs, given, one, suite, now_ms, problem, err), err, "certificate");
        at = next;
    }
    return count > 0 ? sph_ok() : refuse(problem, "problem.foreign-pem", given->label, err);
}

/** How many of the same use begin later: those stay before this one. */
static size_t newer_ones(const struct sph_foreign_certs *certs, size_t at, int64_t now_ms)
{
    size_t count = 0;
    const int64_t from_ms = sph_cert_not_before_ms(certs->row[at].cert);
    for (size_t i = 0; i < certs->count; i++) {
        if (i == at || strcmp(certs->row[i].use, certs->row[at].use) != 0 ||
            sph_cert_not_after_ms(certs->row[i].cert) <= now_ms)
            continue;
        const int64_t other_ms = sph_cert_not_before_ms(certs->row[i].cert);
        count += other_ms > from_ms || (other_ms == from_ms && i > at);
    }
    return count;
}

static bool is_kept(const struct sph_foreign_certs *certs, size_t at, enum sph_suite suite,
                    int64_t now_ms)
{
    const sph_cert *cert = certs->row[at].cert;
    if (strcmp(certs->row[at].use, "ca") == 0)
        return true;
    if (sph_cert_not_after_ms(cert) <= now_ms || newer_ones(certs, at, now_ms) >= KEPT_EACH)
        return false;
    for (size_t i = 0; i < USES; i++)
        if (strcmp(certs->row[at].use, uses[i].name) == 0)
            return fits(cert, uses[i].use, suite, now_ms);
    return false;
}

static sph_rc print_row(const char *use, const sph_cert *cert, sph_json *list, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(CERT_MAX * 2);
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_base64_encode(sph_cert_peek_der(cert), &text, err), err, "certificate");
    SPH_TRY(sph_json_set(row, "use", sph_json_text(use), err), err, "certificate");
    SPH_TRY(sph_json_set(row, "der", sph_json_text(sph_buf_text(&text)), err), err, "certificate");
    return sph_json_add(list, sph_move(row), err);
}

sph_rc sph_foreign_certs_print(const struct sph_foreign_certs *certs, enum sph_suite suite,
                               int64_t now_ms, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < certs->count; i++)
        if (is_kept(certs, i, suite, now_ms))
            SPH_TRY(print_row(certs->row[i].use, certs->row[i].cert, list, err), err,
                    "certificate");
    *out = sph_move(list);
    return sph_ok();
}
