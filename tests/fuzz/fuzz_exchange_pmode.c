/* Any JSON as a foreign product's P-Mode: what is taken is within its bounds, has what an exchange
 * needs, prints, and reads back as the same. */
#include <stdlib.h>
#include <string.h>

#include "exchange/pmode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void print(const sph_pmode *pmode, sph_json *json, sph_buf *out)
{
    must(sph_pmode_print(pmode, json, NULL).code == SPH_OK);
    must(sph_json_print(json, false, out, NULL).code == SPH_OK);
}

static void check_bounds(const sph_pmode *pmode)
{
    const sph_cert *certs[SPH_PMODE_CERTS];
    must(pmode->is_foreign && pmode->cert_count <= SPH_PMODE_CERTS && pmode->max_parts <= 32);
    must(pmode->action_count > 0 && pmode->action_count <= SPH_PMODE_ACTIONS);
    must(pmode->largest_message <= UINT64_C(2147483648));
    must(strncmp(pmode->address, "https://", 8) == 0 || pmode->channel_out[0]);
    must(sph_pmode_certs(pmode, SPH_USE_ENCRYPT, certs) > 0);
}

static void check_again(const sph_pmode *pmode, const sph_json *json)
{
    SPH_AUTO(sph_pmode) again = {.is_foreign = false};
    SPH_AUTO_PTR(sph_json) *printed = sph_json_object();
    SPH_AUTO_PTR(sph_json) *twice = sph_json_object();
    SPH_AUTO(sph_buf) a = sph_buf_init(SPH_PMODE_JSON);
    SPH_AUTO(sph_buf) b = sph_buf_init(SPH_PMODE_JSON);
    print(pmode, printed, &a);
    must(sph_json_set(printed, "schema", sph_json_text(SPH_PMODE_SCHEMA), NULL).code == SPH_OK);
    must(sph_json_set(printed, "certificates", sph_json_dup(sph_json_get(json, "certificates")),
                      NULL)
             .code == SPH_OK);
    must(sph_pmode_parse(printed, &again, NULL).code == SPH_OK);
    print(&again, twice, &b);
    must(sph_slice_equal(sph_buf_peek(&a), sph_buf_peek(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sph_pmode pmode;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    if (sph_json_parse(sph_slice_of(data, size), SPH_PMODE_JSON, &json, NULL).code != SPH_OK)
        return 0;
    const sph_rc rc = sph_pmode_parse(json, &pmode, &err);
    if (rc.code != SPH_OK) {
        must(rc.code == SPH_EPARSE && err.depth > 0);
        return 0;
    }
    check_bounds(&pmode);
    check_again(&pmode, json);
    sph_pmode_clear(&pmode);
    return 0;
}
