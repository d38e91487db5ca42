#include "base/config_keys.h"

#include "base/limits.h"
#include "base/unicode.h"

#include <arpa/inet.h>
#include <inttypes.h>

#define LEAST_MESSAGE 1048576u      /* below one MiB no packet with an attachment would pass */
#define MESSAGE_CEILING 2147483648u /* limits.h, message_ceiling; a test holds them together */
#define MOST_WORKERS 64u
#define MOST_PULL_S 86400u
#define MOST_CONNECTIONS 4096u
#define MOST_REQUESTS 10000000u
#define METRICS_PUBLIC "public "

static bool is_one_of(sph_slice value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sph_slice_is(value, words[i]))
            return true;
    return false;
}

static bool is_small_or_digit(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

/* architecture.md, "Trust": lower-case letters, digits, dots, hyphens, at most 64. Dots and hyphens
 * only between others, so that a party is also a good host name and file name. */
static bool is_party(sph_slice value)
{
    bool was_letter = false;
    for (size_t i = 0; i < value.len; i++) {
        const bool is_letter = is_small_or_digit(value.at[i]);
        if (!is_letter && (!was_letter || (value.at[i] != '.' && value.at[i] != '-')))
            return false;
        was_letter = is_letter;
    }
    return was_letter;
}

static bool is_name(sph_slice value)
{
    return value.len > 0 && sph_unicode_check(value, NULL, NULL).code == SPH_OK &&
           !memchr(value.at, '\t', value.len) && !memchr(value.at, '\n', value.len) &&
           !memchr(value.at, '\r', value.len);
}

static bool is_kind(sph_slice value)
{
    static const char *const kinds[] = {
        "legal-aid", "ngo",   "mass-organisation", "social-ministry",
        "police",    "court", "prosecutor",        "international",
    };
    return is_one_of(value, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static bool is_country(sph_slice value)
{
    return value.len == 2 && value.at[0] >= 'A' && value.at[0] <= 'Z' && value.at[1] >= 'A' &&
           value.at[1] <= 'Z';
}

static bool is_yes_or_no(sph_slice value)
{
    static const char *const words[] = {"yes", "no"};
    return is_one_of(value, words, sizeof(words) / sizeof(words[0]));
}

static bool is_mode(sph_slice value)
{
    static const char *const modes[] = {"production", "training"};
    return is_one_of(value, modes, sizeof(modes) / sizeof(modes[0]));
}

static bool is_host_byte(uint8_t byte)
{
    return is_small_or_digit(byte) || (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '-';
}

/* ":port" or nothing. */
static bool is_port_part(sph_slice rest)
{
    uint64_t port = 0;
    if (rest.len == 0)
        return true;
    return rest.at[0] == ':' &&
           sph_slice_u64(sph_slice_sub(rest, 1, SIZE_MAX), 65535, &port, NULL).code == SPH_OK &&
           port > 0;
}

static bool is_ipv6(sph_slice value)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    return sph_str_copy(text, sizeof(text), value, NULL).code == SPH_OK &&
           inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_ipv4(sph_slice value)
{
    struct in_addr address;
    char text[INET_ADDRSTRLEN];
    return sph_str_copy(text, sizeof(text), value, NULL).code == SPH_OK &&
           inet_pton(AF_INET, text, &address) == 1;
}

/* https://host[:port], no path (as4.md 13.1: routes are fixed). */
static bool is_url(sph_slice value)
{
    const sph_slice scheme = SPH_LIT("https://");
    if (!sph_slice_starts(value, scheme))
        return false;
    const sph_slice rest = sph_slice_sub(value, scheme.len, SIZE_MAX);
    const size_t close = sph_slice_find(rest, SPH_LIT("]"), 0);
    if (sph_slice_starts(rest, SPH_LIT("[")))
        return close != SIZE_MAX && is_ipv6(sph_slice_sub(rest, 1, close - 1)) &&
               is_port_part(sph_slice_sub(rest, close + 1, SIZE_MAX));
    size_t host = 0;
    while (host < rest.len && is_host_byte(rest.at[host]))
        host++;
    return host > 0 && rest.at[0] != '.' && rest.at[0] != '-' &&
           is_port_part(sph_slice_sub(rest, host, SIZE_MAX));
}

/* as4.md 12.3: an office's own channel; what follows the prefix says nothing about it. */
static bool is_mpc(sph_slice value)
{
    const sph_slice prefix = SPH_LIT(SPH_MPC_PREFIX);
    if (!sph_slice_starts(value, prefix) || value.len < prefix.len + 16)
        return false;
    for (size_t i = prefix.len; i < value.len; i++)
        if (!is_small_or_digit(value.at[i]) && value.at[i] != '-')
            return false;
    return true;
}

/* The words are as4's; here only their form, so that a file cannot carry anything else. */
static bool is_suites(sph_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!is_small_or_digit(value.at[i]) && !memchr(" .-", value.at[i], 3))
            return false;
    return value.len > 0;
}

static bool is_address(sph_slice value)
{
    return is_ipv4(value) || is_ipv6(value);
}

/* 127.0.0.1:9464, [::1]:9464 */
static bool split_metrics(sph_slice value, sph_slice *address, uint64_t *port)
{
    const bool is_v6 = value.len > 0 && value.at[0] == '[';
    const sph_slice end = is_v6 ? SPH_LIT("]:") : SPH_LIT(":");
    const size_t at = sph_slice_find(value, end, 0);
    if (at == SIZE_MAX)
        return false;
    *address = sph_slice_sub(value, is_v6, at - is_v6);
    return (is_v6 ? is_ipv6(*address) : is_ipv4(*address)) &&
           sph_slice_u64(sph_slice_sub(value, at + end.len, SIZE_MAX), 65535, port, NULL).code ==
               SPH_OK &&
           *port > 0;
}

static bool is_metrics(sph_slice value)
{
    sph_slice address;
    uint64_t port = 0;
    const bool is_public = sph_slice_starts(value, SPH_LIT(METRICS_PUBLIC));
    const sph_slice at = sph_slice_sub(value, is_public ? sizeof(METRICS_PUBLIC) - 1 : 0, SIZE_MAX);
    return split_metrics(at, &address, &port) &&
           (is_public || sph_slice_starts(address, SPH_LIT("127.")) ||
            sph_slice_is(address, "::1"));
}

bool sph_config_metrics(const struct sph_config *config, char address[46], unsigned *port)
{
    const sph_slice value = sph_slice_str(config->metrics);
    const bool is_public = sph_slice_starts(value, SPH_LIT(METRICS_PUBLIC));
    sph_slice host;
    uint64_t number = 0;
    if (!split_metrics(sph_slice_sub(value, is_public ? sizeof(METRICS_PUBLIC) - 1 : 0, SIZE_MAX),
                       &host, &number) ||
        sph_str_copy(address, 46, host, NULL).code != SPH_OK)
        return false;
    *port = (unsigned)number;
    return true;
}

bool sph_config_relays(const struct sph_config *config)
{
    return sph_slice_is(sph_slice_str(config->relay), "yes");
}

#define FIELD(member)                                                                              \
    offsetof(struct sph_config, member), sizeof(((struct sph_config *)NULL)->member)
#define TEXT(section, name, member, is_required, is_fine)                                          \
    {                                                                                              \
        section, name, SPH_CONFIG_TEXT, is_required, FIELD(member), is_fine, 0, 0                  \
    }
#define NUMBER(section, name, member, least, most)                                                 \
    {                                                                                              \
        section, name, SPH_CONFIG_NUMBER, false, FIELD(member), NULL, least, most                  \
    }

static const struct sph_config_key keys[] = {
    TEXT("node", "party", party, true, is_party),
    TEXT("node", "name_en", name[SPH_LANG_EN], false, is_name),
    TEXT("node", "name_lo", name[SPH_LANG_LO], false, is_name),
    TEXT("node", "name_th", name[SPH_LANG_TH], false, is_name),
    TEXT("node", "kind", kind, true, is_kind),
    TEXT("node", "country", country, true, is_country),
    TEXT("node", "mode", mode, true, is_mode),
    TEXT("node", "url", url, false, is_url),
    TEXT("node", "mpc", mpc, false, is_mpc),
    TEXT("node", "via", via, false, is_party),
    TEXT("node", "relay", relay, false, is_yes_or_no),
    {"node", "lang", SPH_CONFIG_LANG, false, FIELD(lang), NULL, 0, 0},
    NUMBER("node", "largest", largest, LEAST_MESSAGE, MESSAGE_CEILING),
    TEXT("node", "suites", suites, false, is_suites),
    TEXT("listen", "address", address, false, is_address),
    NUMBER("listen", "port", port, 1, 65535),
    NUMBER("listen", "workers", workers, 1, MOST_WORKERS),
    NUMBER("listen", "partner_connections", partner_connections, 1, MOST_CONNECTIONS),
    NUMBER("listen", "partner_requests", partner_requests, 1, MOST_REQUESTS),
    NUMBER("listen", "address_handshakes", address_handshakes, 1, MOST_CONNECTIONS),
    TEXT("listen", "metrics", metrics, false, is_metrics),
    NUMBER("pull", "busy", pull_busy_s, 1, MOST_PULL_S),
    NUMBER("pull", "idle", pull_idle_s, 1, MOST_PULL_S),
};

const struct sph_config_key *sph_config_keys(size_t *count)
{
    *count = sizeof(keys) / sizeof(keys[0]);
    return keys;
}

void sph_config_default(struct sph_config *out)
{
    *out = (struct sph_config){
        .lang = SPH_LANG_EN,
        .largest = sph_limits_default()->message_default,
        .address = "0.0.0.0",
        .port = 8443,
        .workers = 2,
        .partner_connections = sph_limits_default()->partner_connections,
        .partner_requests = sph_limits_default()->partner_requests,
        .address_handshakes = sph_limits_default()->address_handshakes,
        .pull_busy_s = 60, /* as4.md 12.3 */
        .pull_idle_s = 900,
    };
}

static sph_rc set_lang(sph_slice value, enum sph_lang *to, sph_err *err)
{
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        if (sph_slice_is(value, sph_lang_code((enum sph_lang)lang))) {
            *to = (enum sph_lang)lang;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EREFUSED, "no such language");
}

static sph_rc set_number(const struct sph_config_key *key, sph_slice value, uint64_t *to,
                         sph_err *err)
{
    uint64_t number = 0;
    if (sph_slice_u64(value, key->most, &number, NULL).code != SPH_OK || number < key->least)
        return sph_fail(err, SPH_EREFUSED, "%s is %" PRIu64 " to %" PRIu64, key->name, key->least,
                        key->most);
    *to = number;
    return sph_ok();
}

static sph_rc set_text(const struct sph_config_key *key, sph_slice value, char *to, sph_err *err)
{
    if (value.len >= key->room || !key->is_fine(value))
        return sph_fail(err, SPH_EREFUSED, "value of %s", key->name);
    return sph_str_copy(to, key->room, value, err);
}

sph_rc sph_config_set(const struct sph_config_key *key, sph_slice value, struct sph_config *config,
                      sph_err *err)
{
    void *to = (uint8_t *)config + key->at;
    switch (key->form) {
    case SPH_CONFIG_NUMBER:
        return set_number(key, value, to, err);
    case SPH_CONFIG_LANG:
        return set_lang(value, to, err);
    case SPH_CONFIG_TEXT:
    default:
        return set_text(key, value, to, err);
    }
}

sph_rc sph_config_get(const struct sph_config_key *key, const struct sph_config *config,
                      sph_buf *out, sph_err *err)
{
    const void *from = (const uint8_t *)config + key->at;
    switch (key->form) {
    case SPH_CONFIG_NUMBER:
        return sph_buf_addf(out, err, "%" PRIu64, *(const uint64_t *)from);
    case SPH_CONFIG_LANG:
        return sph_buf_add_text(out, sph_lang_code(*(const enum sph_lang *)from), err);
    case SPH_CONFIG_TEXT:
    default:
        return sph_buf_add(out, sph_slice_of(from, strnlen(from, key->room)), err);
    }
}
