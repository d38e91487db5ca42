#include "exchange/pull.h"

#include <string.h>

#include "as4/build.h"
#include "exchange/room.h"

#define SIGNAL_TYPE "application/soap+xml;charset=UTF-8"
#define SIGNAL_ROOM (512u * 1024)
#define ANSWER_MEMORY (256u * 1024)
#define ANSWER_MAX (512u * 1024)
#define POST_BASE_MS 120000

/** One request and what it brings. */
struct pull {
    sph_node *node;
    sph_partner *partner;
    const char *mpc;
    enum sph_suite suite; /* of the request and of an error that answers it */
    char message_id[128]; /* of the request */
    sph_answer answer;
};

static const char *cause(const sph_err *err)
{
    return err->depth > 0 ? err->frame[0].what : "";
}

static void log_failure(const struct pull *pull, const char *code, const char *what)
{
    SPH_LOG(sph_node_env(pull->node)->log, SPH_LOG_WARN, "pull_failed",
            SPH_LF(SPH_F_PARTNER, pull->partner->card.party), SPH_LF(SPH_F_CODE, code),
            SPH_LF(SPH_F_WHAT, what));
}

/** POST signal octets to the partner, as itself proven by TLS. */
static sph_rc post(const struct pull *pull, sph_slice octets, bool is_request, sph_answer *answer,
                   sph_err *err)
{
    const sph_node *node = pull->node;
    const sph_transport *transport = sph_node_transport(node);
    const uint64_t largest = sph_node_config(node)->largest;
    struct sph_partner_known known;
    sph_peer peer;
    char url[SPH_PARTNER_ADDRESS];
    SPH_TRY(sph_partner_address(pull->partner, url, err), err, "address");
    sph_partner_peer(pull->partner, sph_node_keys(node), &known, &peer);
    const sph_post request = {
        .url = url,
        .content_type = SIGNAL_TYPE,
        .files = sph_node_env(node)->files,
        .bytes = octets,
        .len = octets.len,
        .answer_max = is_request ? largest : ANSWER_MAX,
        .spool = is_request ? "spool" : NULL,
        .answer_memory = ANSWER_MEMORY,
        .deadline_ms =
            POST_BASE_MS +
            (is_request ? (int64_t)(largest * 1000 / sph_node_limits(node)->http_min_rate) : 0)};
    return transport->post(transport->ctx, &peer, &request, answer, err);
}

const char *sph_pull_channel(const sph_node *node, const sph_partner *partner)
{
    if (partner->state != SPH_PARTNER_ACTIVE || !partner->card.url[0])
        return "";
    if (partner->pmode.is_foreign)
        return partner->pmode.channel_in;
    return sph_node_is_pull_only(node) ? sph_node_config(node)->mpc : "";
}

static sph_rc look_for_channel(void *arg, const sph_partner *partner, sph_err *err)
{
    bool *is_found = arg;
    (void)err;
    *is_found =
        *is_found || (partner->state == SPH_PARTNER_ACTIVE && partner->pmode.channel_in[0] != '\0');
    return sph_ok();
}

bool sph_pull_is_used(const sph_node *node)
{
    bool is_found = sph_node_is_pull_only(node);
    return sph_partners_each(sph_node_partners(node), look_for_channel, &is_found, NULL).code ==
               SPH_OK &&
           is_found;
}

static sph_rc build_request(struct pull *pull, sph_buf *out, sph_err *err)
{
    const sph_node *node = pull->node;
    const struct sph_env *env = sph_node_env(node);
    const sph_keyring *ring = sph_node_keys(node);
    SPH_TRY(sph_partner_suite(pull->partner, sph_node_suites(node), false, &pull->suite, err), err,
            "crypto suite");
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(pull->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root,
                                   pull->partner->pmode.sign_ref};
    SPH_TRY(sph_as4_new_message_id(env->random, sph_node_party(node), pull->message_id, err), err,
            "message id");
    return sph_as4_build_pull(pull->mpc, pull->message_id, sph_node_now_ms(node), pull->suite,
                              &signer, env->random, out, err);
}

static sph_rc ask(struct pull *pull, sph_err *err)
{
    SPH_AUTO(sph_buf) request = sph_buf_init(SIGNAL_ROOM);
    SPH_TRY(sph_room_on_disk(pull->node, 0, NULL, err), err, "disk");
    SPH_TRY(build_request(pull, &request, err), err, "pull request");
    return post(pull, sph_buf_peek(&request), true, &pull->answer, err);
}

/** An error that answers the request: EBMS:0006 says that nothing waits. Only a signed one counts.
 */
static void judge_error(struct pull *pull, sph_as4_in *in, enum sph_pull_came *came)
{
    struct sph_as4_error_seen seen[16];
    sph_as4_fault fault = {0};
    sph_err err = {0};
    const char *ref_to = sph_as4_in_ref_to(in);
    if (sph_inbox_verify_signal(pull->node, pull->partner, pull->suite, in, &fault, &err).code !=
        SPH_OK) {
        log_failure(pull, "unauthenticated", fault.rule ? fault.rule : cause(&err));
        return;
    }
    if (!ref_to || strcmp(ref_to, pull->message_id) != 0 || sph_as4_errors(in, seen) == 0) {
        log_failure(pull, "unauthenticated", "the answer is for another request");
        return;
    }
    if (!seen[0].is_failure && strcmp(seen[0].code, sph_ebms_code(SPH_EBMS_0006)) == 0)
        *came = SPH_PULL_EMPTY;
    else
        log_failure(pull, seen[0].code, seen[0].detail);
}

/** Receipt or error of the pulled message goes to where it came from. When that answer is lost, the
 * partner offers the message again and gets the same receipt. */
static void send_back(const struct pull *pull, const sph_response *response,
                      enum sph_pull_came *came)
{
    sph_err err = {0};
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(ANSWER_MAX)};
    if (response->body.len == 0) {
        log_failure(pull, "not-stored", "this node could not store the message");
        return;
    }
    const sph_rc rc = post(pull, sph_buf_peek(&response->body), false, &answer, &err);
    if (rc.code != SPH_OK)
        log_failure(pull, "receipt-not-posted", cause(&err));
    else if (answer.status < 200 || answer.status > 299 || answer.body.len > 0)
        log_failure(pull, "receipt-not-taken", "the partner did not take the receipt");
    else
        *came = SPH_PULL_MESSAGE;
}

/** A message that is pulled goes the way of one that is pushed. */
static void take(struct pull *pull, sph_as4_in **in, const sph_as4_source *source,
                 enum sph_pull_came *came)
{
    struct sph_arrival *arrival = sph_mem_new(1, sizeof(*arrival));
    SPH_AUTO(sph_response) response = sph_response_init();
    if (!arrival)
        return;
    arrival->node = pull->node;
    arrival->partner = sph_move(pull->partner);
    arrival->in = sph_move(*in);
    arrival->source = *source;
    arrival->mpc = pull->mpc;
    if (sph_partner_suite(arrival->partner, sph_node_suites(pull->node), true, &arrival->suite,
                          NULL)
            .code == SPH_OK)
        sph_inbox_take(arrival, &response);
    pull->partner = sph_move(arrival->partner);
    sph_arrival_clear(arrival);
    sph_mem_free(arrival);
    send_back(pull, &response, came);
}

static void judge(struct pull *pull, enum sph_pull_came *came)
{
    const sph_answer *answer = &pull->answer;
    sph_as4_fault fault = {0};
    char detail[64] = "";
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    const sph_as4_source source = {sph_buf_peek(&answer->body), answer->file ? answer->files : NULL,
                                   answer->file,
                                   answer->file ? answer->file_len : answer->body.len};
    if (source.len == 0 ||
        sph_as4_open(answer->content_type, &source, sph_node_limits(pull->node), &in, &fault, NULL)
                .code != SPH_OK) {
        if (sph_str_format(detail, sizeof(detail), NULL, "HTTP %u without a message or signal",
                           answer->status)
                .code == SPH_OK)
            log_failure(pull, "transport", detail);
        return;
    }
    if (sph_as4_in_kind(in) == SPH_AS4_USER)
        take(pull, &in, &source, came);
    else if (sph_as4_in_kind(in) == SPH_AS4_ERROR)
        judge_error(pull, in, came);
    else
        log_failure(pull, "transport", "neither a message nor an error");
}

static sph_rc pull_from(struct pull *pull, enum sph_pull_came *came, sph_err *err)
{
    sph_err why = {0};
    pull->mpc = sph_pull_channel(pull->node, pull->partner);
    if (!pull->mpc[0])
        return sph_fail(err, SPH_ENOTFOUND, "this partner has nothing that could be pulled");
    const sph_rc rc = ask(pull, &why);
    if (rc.code == SPH_OK)
        judge(pull, came);
    else
        log_failure(pull, rc.code == SPH_EPROOF ? "wrong-partner" : sph_code_name(rc.code),
                    cause(&why));
    return sph_ok();
}

sph_rc sph_pull_once(sph_node *node, const char *party, enum sph_pull_came *came, sph_err *err)
{
    struct pull pull = {.node = node, .answer = {.body = sph_buf_init(ANSWER_MEMORY)}};
    enum sph_pull_came what = SPH_PULL_FAILED;
    if (!sph_node_transport(node))
        return sph_fail(err, SPH_EARG, "this node is not serving");
    pull.partner = sph_partners_get(sph_node_partners(node), party);
    const sph_rc rc = pull.partner ? pull_from(&pull, &what, err)
                                   : sph_fail(err, SPH_ENOTFOUND, "no such partner");
    sph_answer_clear(&pull.answer);
    sph_partner_unref(&pull.partner);
    SPH_TRY(rc, err, "pull");
    *came = what;
    return sph_ok();
}
