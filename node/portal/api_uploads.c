#include "portal/api_uploads.h"

#include "exchange/document.h"

void sph_api_uploads_used(struct sph_api_call *call, const sph_json *body, const char *list)
{
    const sph_json *rows = body ? sph_json_get(body, list) : NULL;
    if (!body || sph_json_get_bool(body, "dryRun", false))
        return;
    for (size_t i = 0; i < sph_json_count(rows); i++) {
        const char *upload = sph_json_get_text(sph_json_at(rows, i), "upload");
        if (upload)
            sph_upload_drop(call->node, upload);
    }
    const char *document = sph_json_get_text(body, "document");
    if (document)
        sph_upload_drop(call->node, document);
}
