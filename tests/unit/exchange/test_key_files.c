/* Keys that are broken when a running node reads them again (security.md T-12): it goes on with
 * those it has, and says so. */
#include "exchange/care.h"

#include "support/pair.h"

int test_key_files(void);

static void put(struct pair_side *side, const char *path, sph_slice octets)
{
    sph_err err = {0};
    assert_ok(sph_file_store(test_env_get(side->world)->files, path, octets, true, &err), &err);
}

static void t12_half_written_or_foreign_key_files_change_nothing(void **state)
{
    static const char *const files[] = {"keys/tls.cert",  "keys/tls.key",  "keys/sign-ed25519.cert",
                                        "keys/root.cert", "keys/root.crl", "keys/kek-1.bin"};
    struct pair *pair = pair_new();
    struct pair_side *a = &pair->a;
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) good = sph_buf_init(65536);
        const sph_keyring *before = sph_node_keys(a->node);
        const sph_hash leaf = sph_cert_sha256(before->slot[SPH_SLOT_TLS].leaf);
        assert_ok(sph_file_load(test_env_get(a->world)->files, files[i], &good, &err), &err);
        put(a, files[i], sph_slice_sub(sph_buf_peek(&good), 0, good.len / 2));
        const sph_rc rc = sph_node_reload_keys(a->node, &err);
        const bool is_list = strcmp(files[i], "keys/root.crl") == 0; /* read when it is sent */
        if (rc.code == SPH_OK && !is_list)
            fail_msg("%s: half of it was taken", files[i]);
        const sph_hash after = sph_cert_sha256(sph_node_keys(a->node)->slot[SPH_SLOT_TLS].leaf);
        assert_memory_equal(after.at, leaf.at, sizeof(leaf.at));
        assert_true(is_list || sph_node_keys(a->node) == before);
        put(a, files[i], sph_buf_peek(&good));
    }
    assert_ok(sph_node_reload_keys(a->node, NULL), NULL);
    (void)pair_ask(a);
    pair_deliver(a);
    assert_string_equal(pair_outbox(a).state, "acknowledged");
    pair_free(&pair);
}

int test_key_files(void)
{
    sph_xml_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t12_half_written_or_foreign_key_files_change_nothing),
    };
    return cmocka_run_group_tests_name("key files", tests, NULL, NULL);
}
