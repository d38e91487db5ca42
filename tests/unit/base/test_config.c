#include "base/config.h"

#include "base/limits.h"
#include "support/fake_env.h"
#include "support/test_assert.h"

int test_config(void);

/* All names are invented. */
#define LEAST                                                                                                    \
    "[node]\nparty = la.legal.example\nname_lo = ຫ້ອງການຕົວຢ່າງ\nkind = legal-aid\n" \
    "country = LA\nmode = training\n"

static void config_full_file_is_read(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    struct sph_config_fault fault = {9, "x", "x"};
    assert_ok(sph_config_parse(SPH_LIT("# a node\r\n; another comment\r\n\r\n" LEAST
                                       "name_en=Example Legal Aid = invented\r\n"
                                       "\tname_th =  สำนักงานตัวอย่าง \t\r\n"
                                       "url = https://node.example:8443\nlang = th\n"
                                       "largest = 1048576\nsuites = 2.0 1.15\n"
                                       "[ listen ]\naddress = 2001:db8::1\nport = 1\nworkers = 64"),
                               &config, &fault, &err),
              &err);
    assert_null(fault.text);
    assert_string_equal(config.party, "la.legal.example");
    assert_string_equal(config.name[SPH_LANG_EN], "Example Legal Aid = invented");
    assert_string_equal(config.name[SPH_LANG_LO], "ຫ້ອງການຕົວຢ່າງ");
    assert_string_equal(config.name[SPH_LANG_TH], "สำนักงานตัวอย่าง");
    assert_string_equal(config.kind, "legal-aid");
    assert_string_equal(config.country, "LA");
    assert_string_equal(config.mode, "training");
    assert_string_equal(config.url, "https://node.example:8443");
    assert_int_equal(config.lang, SPH_LANG_TH);
    assert_int_equal(config.largest, 1048576);
    assert_string_equal(config.suites, "2.0 1.15");
    assert_string_equal(config.address, "2001:db8::1");
    assert_int_equal(config.port, 1);
    assert_int_equal(config.workers, 64);
}

static void config_absent_keys_have_defaults(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    assert_ok(sph_config_parse(SPH_LIT(LEAST), &config, NULL, &err), &err);
    assert_string_equal(config.url, "");
    assert_string_equal(config.suites, "");
    assert_int_equal(config.lang, SPH_LANG_EN);
    assert_int_equal(config.largest, sph_limits_default()->message_default);
    assert_string_equal(config.address, "0.0.0.0");
    assert_int_equal(config.port, 8443);
    assert_int_equal(config.workers, 2);
    assert_string_equal(config.mpc, "");
    assert_int_equal(config.pull_busy_s, 60);
    assert_int_equal(config.pull_idle_s, 900);
}

static void config_faults_name_line_and_key(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sph_code code;
        unsigned line;
        const char *fault, *key;
    } faults[] = {
        {"", SPH_EREFUSED, 0, "config.missing", "party"},
        {"\xef\xbb\xbf" LEAST, SPH_EPARSE, 0, "config.mark", ""},
        {LEAST "name_en = \xff\n", SPH_EPARSE, 0, "config.bytes", ""},
        {LEAST "colour = red\n", SPH_EPARSE, 7, "config.key", ""},
        {LEAST "PARTY = x\n", SPH_EPARSE, 7, "config.key", ""},
        {"party = x\n" LEAST, SPH_EPARSE, 1, "config.key", ""},
        {LEAST "port = 8443\n", SPH_EPARSE, 7, "config.key", ""}, /* of another section */
        {LEAST "[listen]\nparty = x\n", SPH_EPARSE, 8, "config.key", ""},
        {LEAST "kind = ngo\n", SPH_EPARSE, 7, "config.twice", "kind"},
        {LEAST "just words\n", SPH_EPARSE, 7, "config.form", ""},
        {LEAST "[listen\n", SPH_EPARSE, 7, "config.form", ""},
        {LEAST "[portal]\n", SPH_EPARSE, 7, "config.section", ""},
        {LEAST "[]\n", SPH_EPARSE, 7, "config.section", ""},
        {LEAST "= x\n", SPH_EPARSE, 7, "config.key", ""},
        {LEAST "lang =\n", SPH_EREFUSED, 7, "config.value", "lang"},
        {LEAST "lang = de\n", SPH_EREFUSED, 7, "config.value", "lang"},
        {LEAST "[listen]\nport = 0\n", SPH_EREFUSED, 8, "config.value", "port"},
        {LEAST "[listen]\nport = 65536\n", SPH_EREFUSED, 8, "config.value", "port"},
        {LEAST "[listen]\nport = 8443 ; tls\n", SPH_EREFUSED, 8, "config.value", "port"},
        {LEAST "[listen]\nworkers = 65\n", SPH_EREFUSED, 8, "config.value", "workers"},
        {LEAST "[listen]\naddress = localhost\n", SPH_EREFUSED, 8, "config.value", "address"},
        {LEAST "largest = 1048575\n", SPH_EREFUSED, 7, "config.value", "largest"},
        {LEAST "largest = 2147483649\n", SPH_EREFUSED, 7, "config.value", "largest"},
        {LEAST "name_en = a\tb\n", SPH_EREFUSED, 7, "config.value", "name_en"},
        {LEAST "name_en = e\xcc\x81\n", SPH_EREFUSED, 7, "config.value", "name_en"},
        {"[node]\nparty = x\nkind = ngo\ncountry = TH\nmode = training\n", SPH_EREFUSED, 0,
         "config.missing", "name_en"},
        {"[node]\nparty = x\nname_en = x\nkind = ngo\ncountry = TH\n", SPH_EREFUSED, 0,
         "config.missing", "mode"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sph_err err = {0};
        struct sph_config config = {.port = 4711};
        struct sph_config_fault fault = {0};
        assert_code(sph_config_parse(sph_slice_str(faults[i].text), &config, &fault, &err),
                    faults[i].code, &err);
        assert_int_equal(fault.line, faults[i].line);
        assert_string_equal(fault.text, faults[i].fault);
        assert_string_equal(fault.key, faults[i].key);
        assert_int_equal(config.port, 4711);
    }
}

static sph_rc check_value(const char *key, const char *value)
{
    sph_err err = {0};
    struct sph_config config;
    SPH_AUTO(sph_buf) text = sph_buf_init(4000);
    const bool is_party = sph_slice_is(sph_slice_str(key), "party");
    assert_ok(sph_buf_addf(&text, &err,
                           "[node]\nname_en = x\nkind = ngo\nmode = production\n%s\n%s = %s\n",
                           is_party ? "country = TH" : "party = x\ncountry = TH", key, value),
              &err);
    return sph_config_parse(sph_buf_peek(&text), &config, NULL, NULL);
}

static void config_party_names_have_one_form(void **state)
{
    (void)state;
    static const char *const good[] = {"x", "la.mps.atd", "th.ngo-2.example", "0"};
    static const char *const faulty[] = {
        "",
        ".a",
        "a.",
        "a..b",
        "-a",
        "a-",
        "a.-b",
        "A",
        "a_b",
        "a b",
        "a/b",
        "ພ",
        "a\xc3\xa9",
        "a123456789b123456789c123456789d123456789e123456789f123456789g1234"
        "x",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(check_value("party", good[i]).code, SPH_OK);
    assert_int_equal(
        check_value("party", "a123456789b123456789c123456789d123456789e123456789f123456789g123")
            .code,
        SPH_OK); /* 64 characters */
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_int_equal(check_value("party", faulty[i]).code, SPH_EREFUSED);
}

static void config_addresses_of_nodes_are_https_without_path(void **state)
{
    (void)state;
    static const char *const good[] = {"https://a", "https://a.example:1", "https://192.0.2.1:8443",
                                       "https://[2001:db8::1]", "https://[::1]:65535"};
    static const char *const faulty[] = {
        "http://a",     "https://",           "https://a/",  "https://a:0",    "https://a:65536",
        "https://a:",   "https://a:08443",    "https://u@a", "https://a?x",    "https://a#x",
        "https://[::1", "https://[::g]",      "https://[]",  "https://.a",     "https://-a",
        "HTTPS://a",    "https://a:8443/as4", "https://a b", "https://[::1]x", "https://ພ",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(check_value("url", good[i]).code, SPH_OK);
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_int_equal(check_value("url", faulty[i]).code, SPH_EREFUSED);
}

static void config_channel_of_an_office_has_its_form(void **state)
{
    (void)state;
    static const char *const good[] = {"urn:saphan:mpc:0123456789abcdef",
                                       "urn:saphan:mpc:6e6c1d0a-2f0b-4a58-9a55-0f1e5a3a9c11"};
    static const char *const faulty[] = {
        "urn:saphan:mpc:",
        "urn:saphan:mpc:short",
        "urn:other:mpc:0123456789abcdef",
        "urn:saphan:mpc:0123456789abcdeF",
        "urn:saphan:mpc:0123456789abcdef/x",
        "urn:saphan:mpc:6e6c1d0a-2f0b-4a58-9a55-0f1e5a3a9c11-6e6c1d0a-2f0b"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(check_value("mpc", good[i]).code, SPH_OK);
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_int_equal(check_value("mpc", faulty[i]).code, SPH_EREFUSED);
}

static void config_size_limits_hold_exactly(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    struct sph_config_fault fault;
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_CONFIG_BYTES + 1);
    assert_ok(sph_buf_add_text(&text, LEAST "#", &err), &err);
    while (text.len < SPH_CONFIG_BYTES)
        assert_ok(sph_buf_add_byte(&text, text.len % 64 == 0 ? '\n' : '#', &err), &err);
    assert_ok(sph_config_parse(sph_buf_peek(&text), &config, &fault, &err), &err);
    assert_ok(sph_buf_add_byte(&text, '\n', &err), &err);
    assert_code(sph_config_parse(sph_buf_peek(&text), &config, &fault, &err), SPH_ELIMIT, &err);
    assert_string_equal(fault.text, "config.large");
    sph_buf_cut(&text, 0);
    for (size_t i = 0; i <= SPH_CONFIG_LINE; i++)
        assert_ok(sph_buf_add_byte(&text, '#', &err), &err);
    assert_code(sph_config_parse(sph_buf_peek(&text), &config, &fault, &err), SPH_ELIMIT, &err);
    assert_string_equal(fault.text, "config.long");
    assert_int_equal(fault.line, 1);
    assert_int_equal(sph_config_parse(SPH_LIT(LEAST "#\0\n"), &config, &fault, &err).code,
                     SPH_EPARSE);
}

static void sample(struct sph_config *out)
{
    sph_err err = {0};
    assert_ok(sph_config_parse(SPH_LIT(LEAST), out, NULL, &err), &err);
}

static void config_printed_text_reads_back_the_same(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    struct sph_config again;
    SPH_AUTO(sph_buf) once = sph_buf_init(10000);
    SPH_AUTO(sph_buf) twice = sph_buf_init(10000);
    sample(&config);
    config.lang = SPH_LANG_LO;
    config.port = 444;
    assert_ok(sph_config_print(&config, &once, &err), &err);
    assert_ok(sph_config_parse(sph_buf_peek(&once), &again, NULL, &err), &err);
    assert_ok(sph_config_print(&again, &twice, &err), &err);
    assert_string_equal(sph_buf_text(&once), sph_buf_text(&twice));
    assert_int_equal(again.port, 444);
    assert_int_equal(again.lang, SPH_LANG_LO);
    assert_string_equal(again.name[SPH_LANG_LO], config.name[SPH_LANG_LO]);
}

static void config_value_with_a_line_end_is_not_written(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    struct sph_config_fault fault;
    SPH_AUTO(sph_buf) text = sph_buf_init(10000);
    sample(&config);
    assert_ok(
        sph_str_copy(config.name[SPH_LANG_EN], 256, SPH_LIT("x\nurl = https://evil.example"), &err),
        &err);
    assert_code(sph_config_check(&config, &fault, &err), SPH_EREFUSED, &err);
    assert_string_equal(fault.text, "config.value");
    assert_string_equal(fault.key, "name_en");
    assert_code(sph_config_print(&config, &text, &err), SPH_EREFUSED, &err);
    assert_int_equal(text.len, 0);
    sph_config_default(&config);
    assert_code(sph_config_check(&config, &fault, &err), SPH_EREFUSED, &err);
    assert_string_equal(fault.text, "config.missing");
    assert_int_equal(fault.line, 0);
}

static void config_stored_file_is_loaded_again(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_config config;
    struct sph_config_fault fault;
    test_env *world = test_env_new(1);
    const sph_files *files = test_env_get(world)->files;
    assert_code(sph_config_load(files, &config, &fault, &err), SPH_ENOTFOUND, &err);
    sample(&config);
    assert_ok(sph_config_store(files, &config, false, &err), &err);
    assert_code(sph_config_store(files, &config, false, &err), SPH_EEXISTS, &err);
    config.port = 9443;
    assert_ok(sph_config_store(files, &config, true, &err), &err);
    config.port = 0;
    assert_ok(sph_config_load(files, &config, &fault, &err), &err);
    assert_int_equal(config.port, 9443);
    SPH_AUTO(sph_buf) large = sph_buf_init(SPH_CONFIG_BYTES + 2);
    for (size_t i = 0; i < SPH_CONFIG_BYTES + 2; i++)
        assert_ok(sph_buf_add_byte(&large, '\n', &err), &err);
    assert_ok(sph_file_store(files, SPH_CONFIG_PATH, sph_buf_peek(&large), true, &err), &err);
    assert_code(sph_config_load(files, &config, &fault, &err), SPH_ELIMIT, &err);
    assert_string_equal(fault.text, "config.large");
    test_env_free(&world);
}

static void config_fault_is_explained_in_each_language(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "config.form",    "config.section", "config.key",   "config.twice", "config.value",
        "config.missing", "config.long",    "config.large", "config.mark",  "config.bytes"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            sph_err err = {0};
            const struct sph_config_fault fault = {7, keys[i], "port"};
            SPH_AUTO(sph_buf) text = sph_buf_init(2000);
            assert_true(sph_text_has(keys[i]));
            assert_ok(sph_config_explain(&fault, (enum sph_lang)lang, &text, &err), &err);
            assert_int_not_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("7"), 0), SIZE_MAX);
            assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("{"), 0), SIZE_MAX);
        }
    }
    sph_err err = {0};
    const struct sph_config_fault none = {0, NULL, ""};
    SPH_AUTO(sph_buf) text = sph_buf_init(10);
    assert_ok(sph_config_explain(&none, SPH_LANG_EN, &text, &err), &err);
    assert_int_equal(text.len, 0);
}

int test_config(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_full_file_is_read),
        cmocka_unit_test(config_absent_keys_have_defaults),
        cmocka_unit_test(config_faults_name_line_and_key),
        cmocka_unit_test(config_party_names_have_one_form),
        cmocka_unit_test(config_addresses_of_nodes_are_https_without_path),
        cmocka_unit_test(config_channel_of_an_office_has_its_form),
        cmocka_unit_test(config_size_limits_hold_exactly),
        cmocka_unit_test(config_printed_text_reads_back_the_same),
        cmocka_unit_test(config_value_with_a_line_end_is_not_written),
        cmocka_unit_test(config_stored_file_is_loaded_again),
        cmocka_unit_test(config_fault_is_explained_in_each_language),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
