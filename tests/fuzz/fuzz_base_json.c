/* Any bytes as JSON: what is accepted prints, and reads back as the same text. Also the
 * configuration. */
#include "base/config.h"
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_json(sph_slice text)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *again = NULL;
    SPH_AUTO(sph_buf) once = sph_buf_init(1 << 22);
    SPH_AUTO(sph_buf) twice = sph_buf_init(1 << 22);
    if (sph_json_parse(text, 1 << 16, &json, NULL).code != SPH_OK)
        return;
    must(sph_json_print(json, false, &once, NULL).code == SPH_OK);
    must(sph_json_parse(sph_buf_peek(&once), 1 << 22, &again, NULL).code == SPH_OK);
    must(sph_json_print(again, false, &twice, NULL).code == SPH_OK);
    must(sph_slice_equal(sph_buf_peek(&once), sph_buf_peek(&twice)));
    for (const char *key = sph_json_next_key(json, NULL); key; key = sph_json_next_key(json, key))
        must(sph_json_get(json, key) != NULL);
}

static void check_config(sph_slice text)
{
    struct sph_config config;
    struct sph_config again;
    struct sph_config_fault fault;
    SPH_AUTO(sph_buf) printed = sph_buf_init(SPH_CONFIG_BYTES);
    if (sph_config_parse(text, &config, &fault, NULL).code != SPH_OK) {
        must(fault.text != NULL);
        return;
    }
    must(sph_config_print(&config, &printed, NULL).code == SPH_OK);
    must(sph_config_parse(sph_buf_peek(&printed), &again, &fault, NULL).code == SPH_OK);
    must(sph_slice_is(sph_slice_str(config.party), again.party) && config.port == again.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_json(sph_slice_of(data, size));
    check_config(sph_slice_of(data, size));
    return 0;
}
