#include "exchange/node.h"
#include "portal/api_call.h"

static sph_rc add_transfer(const struct sph_transfer_view *view, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_text(row, "kind", sph_transfer_kind_name(view->kind), err), err,
            "transfer");
    SPH_TRY(sph_api_set_text(row, "partner", view->party, err), err, "transfer");
    SPH_TRY(sph_api_set_text(row, "messageId", view->message_id, err), err, "transfer");
    SPH_TRY(sph_api_set_int(row, "bytes", (int64_t)view->done, err), err, "transfer");
    SPH_TRY(sph_api_set_int(row, "bytesTotal", (int64_t)view->total, err), err, "transfer");
    SPH_TRY(sph_api_set_time(row, "started", view->started_ms, err), err, "transfer");
    return sph_json_add(list, sph_move(row), err);
}

static sph_json *row_of(sph_json *rows, const char *message_id)
{
    for (size_t i = 0; i < sph_json_count(rows); i++) {
        sph_json *row = sph_json_at(rows, i);
        const char *id = sph_json_get_text(row, "messageId");
        if (id && sph_slice_is(sph_slice_str(id), message_id))
            return row;
    }
    return NULL;
}

static sph_rc add_to_row(const struct sph_transfer_view *view, sph_json *rows, sph_err *err)
{
    sph_json *row = view->kind == SPH_TRANSFER_SEND ? row_of(rows, view->message_id) : NULL;
    if (!row)
        return sph_ok();
    SPH_TRY(sph_api_set_int(row, "bytesSent", (int64_t)view->done, err), err, "progress");
    return sph_api_set_int(row, "bytesTotal", (int64_t)view->total, err);
}

sph_rc sph_api_add_progress(sph_node *node, sph_json *rows, sph_err *err)
{
    struct sph_transfer_view *views = sph_mem_new(SPH_TRANSFERS, sizeof(*views));
    if (!views)
        return sph_fail(err, SPH_ENOMEM, "progress");
    const size_t count = sph_transfers_list(sph_node_transfers(node), views);
    sph_rc rc = sph_ok();
    for (size_t i = 0; rc.code == SPH_OK && i < count; i++)
        rc = add_to_row(&views[i], rows, err);
    sph_mem_free(views);
    return rc;
}

sph_rc sph_api_transfers(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    struct sph_transfer_view *views = sph_mem_new(SPH_TRANSFERS, sizeof(*views));
    if (!views)
        return sph_fail(err, SPH_ENOMEM, "transfers");
    const size_t count = sph_transfers_list(sph_node_transfers(call->node), views);
    sph_rc rc = sph_ok();
    for (size_t i = 0; rc.code == SPH_OK && i < count; i++)
        rc = add_transfer(&views[i], list, err);
    sph_mem_free(views);
    SPH_TRY(rc, err, "transfers");
    SPH_TRY(sph_api_object("saphan.transfers/1", &json, err), err, "transfers");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "transfers");
    return sph_api_answer(call, 200, &json, err);
}
