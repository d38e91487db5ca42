#include "xml_support.h"

int test_walk(void);

static void walk_names_and_children_are_found(void **state)
{
    sph_xml *doc = parse_ok(SPH_LIT("<a xmlns='urn:n'>\n <b/>text<p:c xmlns:p='urn:p'/><b/></a>"));
    const sph_xml_node *root = sph_xml_root(doc), *only = NULL;
    (void)state;
    assert_true(sph_xml_is(root, "urn:n", "a"));
    assert_false(sph_xml_is(root, "", "a"));
    assert_false(sph_xml_is(root, "urn:n", "A"));
    assert_int_equal(sph_xml_child_count(root), 3);
    const sph_xml_node *c = sph_xml_child(root, "urn:p", "c");
    assert_string_equal(sph_xml_local(c), "c");
    assert_string_equal(sph_xml_ns(c), "urn:p");
    assert_ptr_equal(sph_xml_parent(c), root);
    assert_null(sph_xml_parent(root));
    assert_int_equal(sph_xml_line(c), 2);
    assert_int_equal(sph_xml_declaration_count(c), 1);
    assert_int_equal(sph_xml_only(root, "urn:p", "c", &only, NULL).code, SPH_OK);
    assert_ptr_equal(only, c);
    only = NULL;
    assert_int_equal(sph_xml_only(root, "urn:n", "b", &only, NULL).code, SPH_EPARSE);
    assert_int_equal(sph_xml_only(root, "urn:n", "d", &only, NULL).code, SPH_EPARSE);
    assert_null(only);
    assert_false(sph_xml_has_only_elements(root));
    assert_true(sph_xml_is_empty(c));
    sph_xml_free(&doc);
}

static void walk_every_call_accepts_null(void **state)
{
    char value[8] = "x";
    sph_xml_item item = {0};
    sph_xml_attr_item attr = {0};
    (void)state;
    assert_null(sph_xml_root(NULL));
    assert_false(sph_xml_is(NULL, "", ""));
    assert_string_equal(sph_xml_local(NULL), "");
    assert_string_equal(sph_xml_ns(NULL), "");
    assert_null(sph_xml_first(NULL));
    assert_null(sph_xml_next(NULL));
    assert_null(sph_xml_parent(NULL));
    assert_null(sph_xml_child(NULL, "", "a"));
    assert_null(sph_xml_attr(NULL, "", "a"));
    assert_int_equal(sph_xml_attr_count(NULL), 0);
    assert_int_equal(sph_xml_child_count(NULL), 0);
    assert_int_equal(sph_xml_line(NULL), 0);
    assert_true(sph_xml_is_empty(NULL));
    assert_false(sph_xml_has_only_elements(NULL));
    assert_int_equal(sph_xml_value_text(NULL, value, sizeof(value), NULL).code, SPH_OK);
    assert_string_equal(value, "");
    assert_false(sph_xml_next_item(NULL, &item));
    assert_false(sph_xml_next_attr(NULL, &attr));
    assert_null(sph_xml_ids_find(NULL, "a"));
    sph_xml_free(NULL);
    sph_xml_ids_free(NULL);
}

static void walk_attributes_are_told_apart_by_namespace(void **state)
{
    sph_xml *doc = parse_ok(SPH_LIT("<a xmlns:p='urn:p' i='1' p:i='2&#10;&lt;&amp;3' e=''/>"));
    const sph_xml_node *root = sph_xml_root(doc);
    sph_xml_attr_item attr = {0};
    (void)state;
    assert_string_equal(sph_xml_attr(root, NULL, "i"), "1");
    assert_string_equal(sph_xml_attr(root, "", "i"), "1");
    assert_string_equal(sph_xml_attr(root, "urn:p", "i"), "2\n<&3");
    assert_string_equal(sph_xml_attr(root, NULL, "e"), "");
    assert_null(sph_xml_attr(root, "urn:p", "e"));
    assert_int_equal(sph_xml_attr_count(root), 3);
    assert_true(sph_xml_next_attr(root, &attr));
    assert_string_equal(attr.local, "i");
    assert_string_equal(attr.ns, "");
    assert_true(sph_xml_next_attr(root, &attr));
    assert_string_equal(attr.ns, "urn:p");
    assert_true(sph_xml_next_attr(root, &attr));
    assert_false(sph_xml_next_attr(root, &attr));
    sph_xml_free(&doc);
}

static void walk_values_are_concatenated_trimmed_and_bounded(void **state)
{
    sph_err err = {0};
    char value[4];
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    sph_xml *doc = parse_ok(SPH_LIT("<a><v> \n abc\t</v><w>abcd</w><x>a<y/>b</x></a>"));
    const sph_xml_node *root = sph_xml_root(doc);
    (void)state;
    must(sph_xml_value_text(sph_xml_child(root, "", "v"), value, sizeof(value), &err), &err);
    assert_string_equal(value, "abc");
    assert_int_equal(
        sph_xml_value_text(sph_xml_child(root, "", "w"), value, sizeof(value), &err).code,
        SPH_ELIMIT);
    assert_int_equal(
        sph_xml_value_text(sph_xml_child(root, "", "x"), value, sizeof(value), &err).code,
        SPH_EPARSE);
    assert_string_equal(value, "abc");
    must(sph_xml_value(sph_xml_child(root, "", "v"), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), " \n abc\t");
    sph_xml_free(&doc);
}

static void walk_mixed_content_comes_in_order(void **state)
{
    sph_xml *doc = parse_ok(SPH_LIT("<p>one <b>two</b> three</p>"));
    sph_xml_item item = {0};
    (void)state;
    assert_true(sph_xml_next_item(sph_xml_root(doc), &item));
    assert_string_equal(item.text, "one ");
    assert_true(sph_xml_next_item(sph_xml_root(doc), &item));
    assert_null(item.text);
    assert_string_equal(sph_xml_local(item.element), "b");
    assert_true(sph_xml_next_item(sph_xml_root(doc), &item));
    assert_string_equal(item.text, " three");
    assert_false(sph_xml_next_item(sph_xml_root(doc), &item));
    sph_xml_free(&doc);
}

static void walk_all_text_parts_blocks_but_not_words(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    sph_xml *doc = parse_ok(SPH_LIT("<a><p>Hel<b>lo</b>,\n  you</p><p>Two<i/></p>\n<q>3</q></a>"));
    (void)state;
    must(sph_xml_all_text(sph_xml_root(doc), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "Hello, you Two 3");
    sph_xml_free(&doc);
}

static void walk_ids_are_found_in_all_their_forms(void **state)
{
    sph_err err = {0};
    sph_xml_ids *ids = NULL;
    sph_xml *doc = parse_ok(SPH_LIT(
        "<a Id='one' xmlns:u='http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-wssecurity-utility-1.0.xsd'><b u:Id='two'/><c xml:id='three'/>"
        "<m:Messaging xmlns:m='http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/' "
        "id='four'/><d id='five'/></a>"));
    (void)state;
    must(sph_xml_ids_new(doc, &ids, &err), &err);
    assert_ptr_equal(sph_xml_ids_find(ids, "one"), sph_xml_root(doc));
    assert_string_equal(sph_xml_local(sph_xml_ids_find(ids, "two")), "b");
    assert_string_equal(sph_xml_local(sph_xml_ids_find(ids, "three")), "c");
    assert_string_equal(sph_xml_local(sph_xml_ids_find(ids, "four")), "Messaging");
    assert_null(sph_xml_ids_find(ids, "five"));
    assert_null(sph_xml_ids_find(ids, ""));
    sph_xml_ids_free(&ids);
    sph_xml_free(&doc);
}

int test_walk(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk_names_and_children_are_found),
        cmocka_unit_test(walk_every_call_accepts_null),
        cmocka_unit_test(walk_attributes_are_told_apart_by_namespace),
        cmocka_unit_test(walk_values_are_concatenated_trimmed_and_bounded),
        cmocka_unit_test(walk_mixed_content_comes_in_order),
        cmocka_unit_test(walk_all_text_parts_blocks_but_not_words),
        cmocka_unit_test(walk_ids_are_found_in_all_their_forms),
    };
    return cmocka_run_group_tests_name("walk", tests, xml_setup, NULL);
}
