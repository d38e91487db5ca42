/* Places of addresses and partners, and requests by the minute. */
#include "net/guests.h"

#include "support/test_assert.h"

int test_guests(void);

static sph_guests *guests_of(unsigned handshakes, unsigned connections, uint64_t requests)
{
    const struct sph_guest_limits limits = {handshakes, connections, requests};
    sph_guests *guests = NULL;
    sph_err err = {0};
    assert_ok(sph_guests_new(&limits, &guests, &err), &err);
    return guests;
}

static void guests_one_address_has_its_share_of_handshakes(void **state)
{
    (void)state;
    sph_guests *guests = guests_of(2, 1, 1);
    assert_true(sph_guests_knock(guests, "192.0.2.1"));
    assert_true(sph_guests_knock(guests, "192.0.2.1"));
    assert_false(sph_guests_knock(guests, "192.0.2.1"));
    assert_true(sph_guests_knock(guests, "192.0.2.2"));
    sph_guests_opened(guests, "192.0.2.1");
    assert_true(sph_guests_knock(guests, "192.0.2.1"));
    assert_false(sph_guests_knock(guests, "192.0.2.1"));
    sph_guests_free(&guests);
    assert_null(guests);
}

static void guests_many_addresses_are_each_counted_alone(void **state)
{
    (void)state;
    sph_guests *guests = guests_of(1, 1, 1);
    char address[32];
    for (unsigned i = 0; i < 2000; i++) {
        assert_ok(sph_str_format(address, sizeof(address), NULL, "198.51.%u.%u", i / 250, i % 250),
                  NULL);
        assert_true(sph_guests_knock(guests, address));
        assert_false(sph_guests_knock(guests, address));
    }
    for (unsigned i = 0; i < 2000; i++) {
        assert_ok(sph_str_format(address, sizeof(address), NULL, "198.51.%u.%u", i / 250, i % 250),
                  NULL);
        sph_guests_opened(guests, address);
        assert_true(sph_guests_knock(guests, address));
    }
    sph_guests_free(&guests);
}

static void guests_a_partner_over_its_places_is_told_and_then_shut_out(void **state)
{
    (void)state;
    sph_guests *guests = guests_of(1, 2, 1);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME_OVER);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME_OVER);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME_NOT);
    assert_int_equal(sph_guests_enter(guests, "la.two.example"), SPH_WELCOME);
    for (int i = 0; i < 3; i++)
        sph_guests_leave(guests, "la.one.example");
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME);
    sph_guests_free(&guests);
}

static void guests_requests_are_counted_by_the_minute(void **state)
{
    (void)state;
    sph_guests *guests = guests_of(1, 1, 3);
    unsigned wait_s = 0;
    for (int i = 0; i < 3; i++)
        assert_true(sph_guests_ask(guests, "la.one.example", 60000 + i, &wait_s));
    assert_false(sph_guests_ask(guests, "la.one.example", 60000 + 45000, &wait_s));
    assert_in_range(wait_s, 15, 16);
    assert_true(sph_guests_ask(guests, "la.two.example", 60000 + 45000, &wait_s));
    assert_true(sph_guests_ask(guests, "la.one.example", 120000, &wait_s));
    sph_guests_free(&guests);
}

static void guests_new_limits_hold_for_who_comes_from_now_on(void **state)
{
    (void)state;
    sph_guests *guests = guests_of(1, 1, 1);
    const struct sph_guest_limits more = {2, 2, 2};
    unsigned wait_s = 0;
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME);
    assert_true(sph_guests_knock(guests, "192.0.2.1"));
    assert_true(sph_guests_ask(guests, "la.one.example", 0, &wait_s));
    sph_guests_limit(guests, &more);
    assert_int_equal(sph_guests_enter(guests, "la.one.example"), SPH_WELCOME);
    assert_true(sph_guests_knock(guests, "192.0.2.1"));
    assert_true(sph_guests_ask(guests, "la.one.example", 0, &wait_s));
    assert_false(sph_guests_ask(guests, "la.one.example", 0, &wait_s));
    sph_guests_free(&guests);
}

int test_guests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_one_address_has_its_share_of_handshakes),
        cmocka_unit_test(guests_many_addresses_are_each_counted_alone),
        cmocka_unit_test(guests_a_partner_over_its_places_is_told_and_then_shut_out),
        cmocka_unit_test(guests_requests_are_counted_by_the_minute),
        cmocka_unit_test(guests_new_limits_hold_for_who_comes_from_now_on),
    };
    return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
