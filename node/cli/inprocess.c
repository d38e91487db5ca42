#include "cli/inprocess.h"

#include "exchange/node.h"
#include "portal/api.h"

#include <string.h>

/** A head as the server would have parsed it. */
static void make_head(const char *method, const char *target, const struct sph_inprocess_body *body,
                      enum sph_lang lang, sph_http_head *head)
{
    const sph_slice whole = sph_slice_str(target);
    const size_t question = sph_slice_find(whole, SPH_LIT("?"), 0);
    *head = (sph_http_head){.method = sph_slice_str(method),
                            .target = whole,
                            .path = sph_slice_sub(whole, 0, question),
                            .version_minor = 1,
                            .has_length = true,
                            .length = body->len};
    if (question != SIZE_MAX)
        head->query = sph_slice_sub(whole, question + 1, SIZE_MAX);
    head->field[head->field_count++] =
        (sph_http_field){SPH_LIT("Accept-Language"), sph_slice_str(sph_lang_code(lang))};
    if (body->content_type)
        head->field[head->field_count++] =
            (sph_http_field){SPH_LIT("Content-Type"), sph_slice_str(body->content_type)};
}

static sph_rc take_body(sph_response *response, const sph_writer *sink, sph_answer *answer,
                        sph_err *err)
{
    const bool is_good = response->status >= 200 && response->status < 300;
    sph_file_source source;
    sph_writer to = sph_writer_of_buf(&answer->body);
    if (is_good && sink)
        to = *sink;
    if (response->file) {
        const sph_reader reader = sph_reader_of_file(&source, response->files, response->file,
                                                     response->file_from, response->file_len);
        return sph_stream_copy(&reader, &to, UINT64_MAX, NULL, err);
    }
    return to.write(to.ctx, sph_buf_peek(&response->body), err);
}

static sph_rc handle(sph_cli *cli, sph_node *node, const char *method, const char *target,
                     const struct sph_inprocess_body *body, sph_answer *answer, sph_err *err)
{
    sph_http_head *head = sph_mem_new(1, sizeof(*head));
    if (!head)
        return sph_fail(err, SPH_ENOMEM, "request");
    sph_api api = {.node = node};
    SPH_AUTO(sph_response) response = sph_response_init();
    make_head(method, target, body, cli->lang, head);
    const sph_request request = {.head = head,
                                 .address = "in-process",
                                 .peer_uid = -1,
                                 .body = body->bytes,
                                 .spool = body->file,
                                 .files = body->files,
                                 .body_len = body->len};
    sph_api_handle(&api, &request, &response);
    answer->status = response.status;
    sph_rc rc =
        sph_str_copy(answer->content_type, sizeof(answer->content_type),
                     sph_slice_str(response.content_type ? response.content_type : ""), err);
    if (rc.code == SPH_OK)
        rc = take_body(&response, body->sink, answer, err);
    sph_mem_free(head);
    return rc;
}

/** A home whose ledger does not hold cannot be opened for work; what is wrong with it must still be
 * told. */
static bool is_inspection(const char *method, const char *target)
{
    return strcmp(method, "POST") == 0 && strcmp(target, "/api/1/ledger/verify") == 0;
}

sph_rc sph_inprocess_call(sph_cli *cli, const char *method, const char *target,
                          const struct sph_inprocess_body *body, sph_answer *answer, sph_err *err)
{
    sph_files *files = NULL;
    sph_node *node = NULL;
    SPH_TRY(sph_files_real_new(cli->home, &files, err), err, "home");
    const struct sph_env env = {sph_clock_real(), sph_random_real(), files, NULL};
    const struct sph_node_options options = {
        .path = cli->home, .env = &env, .is_inspecting = is_inspection(method, target)};
    sph_rc rc = sph_node_open(&options, &node, err);
    if (rc.code == SPH_OK)
        rc = handle(cli, node, method, target, body, answer, err);
    sph_node_close(&node);
    sph_files_real_free(&files);
    return rc;
}
