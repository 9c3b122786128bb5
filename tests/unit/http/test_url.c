#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/host.h"
#include "http/punycode.h"
#include "http/url.h"

enum { OUT_BYTES = 4096 };

static void assert_bytes(struct bytes got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    if (got.len > 0)
        assert_memory_equal(got.ptr, expected, got.len);
}

static void assert_authority(const char *in, const char *host, enum host_kind kind, int32_t port)
{
    struct authority a;

    assert_int_equal(authority_parse(bytes_of(in), &a), STATUS_OK);
    assert_bytes(a.host, host);
    assert_int_equal(a.kind, kind);
    assert_int_equal(a.port, port);
}

static void assert_refused(struct bytes in)
{
    struct authority a = {.port = 77};

    if (authority_parse(in, &a) != STATUS_BAD_INPUT)
        fail_msg("accepted: %.*s", (int)in.len, (const char *)in.ptr);
    assert_int_equal(a.port, 77);
}

static void splits_host_and_port(void **state)
{
    (void)state;
    assert_authority("a.test", "a.test", HOST_NAME, -1);
    assert_authority("a.test:80", "a.test", HOST_NAME, 80);
    assert_authority("A.Test.:65535", "A.Test.", HOST_NAME, 65535);
    assert_authority("my_host-1:1", "my_host-1", HOST_NAME, 1);
    assert_authority("localhost", "localhost", HOST_NAME, -1);
    assert_authority("127.0.0.1:8080", "127.0.0.1", HOST_IPV4, 8080);
    assert_authority("[::1]:443", "::1", HOST_IPV6, 443);
    assert_authority("[2001:db8::7]", "2001:db8::7", HOST_IPV6, -1);
    assert_authority("b\xc3\xbc"
                     "cher.test:8443",
                     "b\xc3\xbc"
                     "cher.test",
                     HOST_NAME, 8443);
    assert_authority("xn--bcher-kva.test", "xn--bcher-kva.test", HOST_NAME, -1);
}

static void flags_userinfo_and_skips_it(void **state)
{
    struct authority a;

    (void)state;
    assert_int_equal(authority_parse(BYTES("user:p%20w@a.test:81"), &a), STATUS_OK);
    assert_true(a.userinfo);
    assert_bytes(a.host, "a.test");
    assert_int_equal(a.port, 81);
    assert_int_equal(authority_parse(BYTES("a.test"), &a), STATUS_OK);
    assert_false(a.userinfo);
    assert_refused(BYTES("b.test\\@a.test"));
    assert_refused(BYTES("a@b@c.test"));
    assert_refused(BYTES("a b@c.test"));
    assert_refused(BYTES("user@"));
}

static void refuses_ports_that_are_not_1_to_65535(void **state)
{
    static const char *const cases[] = {
        "a.test:",       "a.test:0",     "a.test:65536",
        "a.test:+80",    "a.test:-1",    "a.test: 80",
        "a.test:80 ",    "a.test:0x50",  "a.test:4294967376",
        "a.test:000080", "a.test:80:80", "[::1]:",
        "[::1]:0",       "[::1]80",      "[::1]:18446744073709551696",
        "a.test:8O",     "127.0.0.1:",   "a.test::80"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(bytes_of(cases[i]));
    assert_authority("a.test:00080", "a.test", HOST_NAME, 80);
}

static void refuses_hosts_of_odd_characters(void **state)
{
    static const char *const cases[] = {
        "", ".", "..", ".a.test", "a..test", "a.test..", ":80", "a test", "a/b", "a?b", "a#b",
        "a\\b", "a%62", "a<b", "a\"b", "a'b", "a,b", "a;b", "a=b", "a*b", "a!b", "a$b", "a(b",
        "a^b", "a{b", "a|b", "a~b", "a`b", "a\tb", "a\rb", "a\nb",
        "a\x7f"
        "b",
        "a+b", "a&b",
        /* not UTF-8: a lone byte, overlong, a surrogate */
        "a\xff",
        "a\xc0\xae"
        "b",
        "\xed\xa0\x80",
        /* C1, no-break space, soft hyphen, zero width, right-to-left override */
        "a\xc2\x80", "a\xc2\xa0", "a\xc2\xad", "a\xe2\x80\x8b", "a\xe2\x80\xae",
        /* ideographic and full-width full stop, full-width letter, byte order mark */
        "a\xe3\x80\x82"
        "b",
        "a\xef\xbc\x8e"
        "b",
        "\xef\xbd\x81",
        "\xef\xbb\xbf"
        "a",
        /* an A-label with other letters */
        "xn--b\xc3\xbc"
        "cher"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(bytes_of(cases[i]));
    assert_refused(BYTES("a\0b"));
    assert_refused(BYTES("a.test\0"));
}

static void refuses_other_spellings_of_an_ipv4_address(void **state)
{
    static const char *const cases[] = {
        "0x7f.1",     "2130706433", "127.1",      "0177.0.0.1",         "127.0.0.01",
        "0x7f000001", "0X7F.0.0.1", "127.0.0.1.", "127.0.0.256",        "1.2.3.4.5",
        "0",          "0x",         "1.2.3",      "999999999999999999", "127.0x0.0.1",
        "00000177.1", "127.1.",     "127.0.0.0x1"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(bytes_of(cases[i]));
    assert_authority("1.2.3.4a", "1.2.3.4a", HOST_NAME, -1);
    assert_authority("0xg.1", "0xg.1", HOST_NAME, -1);
    assert_authority("web.1", "web.1", HOST_NAME, -1);
    assert_authority("255.255.255.255", "255.255.255.255", HOST_IPV4, -1);
    assert_authority("0.0.0.0", "0.0.0.0", HOST_IPV4, -1);
}

static void refuses_bad_ipv6(void **state)
{
    static const char *const cases[] = {"[",
                                        "[]",
                                        "[:]",
                                        "[::1",
                                        "::1",
                                        "[:::]",
                                        "[1]",
                                        "[1:2:3:4:5:6:7]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[1:2:3:4:5:6:7:8::]",
                                        "[::1:2:3:4:5:6:7:8]",
                                        "[1::2::3]",
                                        "[12345::]",
                                        "[::g]",
                                        "[::1%25eth0]",
                                        "[::1%eth0]",
                                        "[fe80::1%1]",
                                        "[::1.2.3]",
                                        "[::1.2.3.256]",
                                        "[::01.2.3.4]",
                                        "[1.2.3.4]",
                                        "[1.2.3.4::]",
                                        "[::1.2.3.4:5]",
                                        "[1:2:3:4:5:6:7:1.2.3.4]",
                                        "[v1.a]",
                                        "[::1]a",
                                        "[::1]]",
                                        "[[::1]]",
                                        "[ ::1]",
                                        "[a.test]",
                                        "[:1:2:3:4:5:6:7]",
                                        "[1:2:3:4:5:6:7:]",
                                        "1::2"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(bytes_of(cases[i]));
}

static void holds_names_to_their_lengths(void **state)
{
    char name[HOST_BYTES + 3];
    struct authority a;

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 50 == 49 ? '.' : 'a';
    assert_int_equal(authority_parse(bytes_make(name, HOST_BYTES), &a), STATUS_OK);
    assert_refused(bytes_make(name, HOST_BYTES + 1));
    memset(name, 'a', sizeof(name));
    assert_int_equal(authority_parse(bytes_make(name, HOST_LABEL_BYTES), &a), STATUS_OK);
    assert_refused(bytes_make(name, HOST_LABEL_BYTES + 1));
}

static void parses_a_whole_url(void **state)
{
    struct url u;

    (void)state;
    assert_int_equal(url_parse(BYTES("https://me@a.test:8443/p/q?a=1?b#f#g"), &u), STATUS_OK);
    assert_bytes(u.scheme, "https");
    assert_bytes(u.authority_text, "me@a.test:8443");
    assert_bytes(u.authority.host, "a.test");
    assert_int_equal(u.authority.port, 8443);
    assert_bytes(u.path, "/p/q");
    assert_bytes(u.query, "a=1?b");
    assert_bytes(u.fragment, "f#g");
}

static void tells_absent_parts_from_empty_ones(void **state)
{
    struct url u;

    (void)state;
    assert_int_equal(url_parse(BYTES("//a.test"), &u), STATUS_OK);
    assert_int_equal(u.scheme.len, 0);
    assert_int_equal(u.path.len, 0);
    assert_null(u.query.ptr);
    assert_null(u.fragment.ptr);
    assert_int_equal(url_parse(BYTES("ws+x-1.0://[::1]:9?#"), &u), STATUS_OK);
    assert_bytes(u.scheme, "ws+x-1.0");
    assert_bytes(u.authority.host, "::1");
    assert_int_equal(u.path.len, 0);
    assert_int_equal(u.query.len, 0);
    assert_non_null(u.query.ptr);
    assert_non_null(u.fragment.ptr);
}

static void refuses_what_is_no_url(void **state)
{
    static const char *const cases[] = {"",
                                        "a.test",
                                        "a.test/x",
                                        "/x",
                                        "http:",
                                        "http:/",
                                        "http:/a.test",
                                        "http://",
                                        "http:///x",
                                        "http://?a",
                                        "://a.test/",
                                        "1http://a.test/",
                                        "ht tp://a.test/",
                                        "http://a.test/a b",
                                        "http://a.test/\r\nX: y",
                                        "http://a.test/\x7f",
                                        "http://a.test:99999/",
                                        "http://a\\@b.test/",
                                        "http://a.test\\b",
                                        "javascript:alert(1)",
                                        "mailto:a@b.test",
                                        "http://a.test:/",
                                        "\thttp://a.test/",
                                        "http://[::1/"};
    struct url u = {.path = BYTES("kept")};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (url_parse(bytes_of(cases[i]), &u) != STATUS_BAD_INPUT)
            fail_msg("accepted: %s", cases[i]);
    }
    assert_bytes(u.path, "kept");
    assert_int_equal(url_parse(BYTES("http://a.test/\0"), &u), STATUS_BAD_INPUT);
    /* A scheme's host ends at the first of / ? #, whatever stands behind. */
    assert_int_equal(url_parse(BYTES("http://a.test?@b.test"), &u), STATUS_OK);
    assert_bytes(u.authority.host, "a.test");
    assert_int_equal(url_parse(BYTES("http://a.test/caf\xc3\xa9"), &u), STATUS_OK);
}

static void knows_the_default_ports(void **state)
{
    (void)state;
    assert_int_equal(url_default_port(BYTES("http")), 80);
    assert_int_equal(url_default_port(BYTES("WS")), 80);
    assert_int_equal(url_default_port(BYTES("HTTPS")), 443);
    assert_int_equal(url_default_port(BYTES("wss")), 443);
    assert_int_equal(url_default_port(BYTES("ftp")), 0);
    assert_int_equal(url_default_port(BYTES("")), 0);
}

static void assert_normal(const char *in, const char *expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (host_normalise(bytes_of(in), &out))
        fail_msg("refused: %s", in);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void normalises_names(void **state)
{
    (void)state;
    assert_normal("A.Test", "a.test");
    assert_normal("a.test.", "a.test");
    assert_normal("127.0.0.1", "127.0.0.1");
    assert_normal("XN--BCHER-KVA.TEST", "xn--bcher-kva.test");
    assert_normal("B\xc3\x9c"
                  "cher.test",
                  "xn--bcher-kva.test");
    /* Greek with accents, Cyrillic of both blocks, CJK */
    assert_normal("\xce\x8c\xce\x9c\xce\x89\xce\xa1\xce\x9f\xce\xa3.test", "xn--jxa1akhl3c.test");
    assert_normal("\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0.test", "xn--80adxhks.test");
    assert_normal("\xd0\x81\xd0\xb6.test", "xn--f1a7c.test");
    assert_normal("\xe4\xb8\xad\xe5\x9b\xbd.test", "xn--fiqs8s.test");
}

static void writes_ipv6_as_rfc_5952_says(void **state)
{
    (void)state;
    assert_normal("::", "::");
    assert_normal("0:0:0:0:0:0:0:1", "::1");
    assert_normal("[2001:DB8:0:0:0:0:0:0]", "2001:db8::");
    assert_normal("2001:0db8::0001", "2001:db8::1");               /* §4.1 */
    assert_normal("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); /* §4.2.2 */
    assert_normal("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");          /* §4.2.3: the longest */
    assert_normal("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    /* §4.2.3: the first */
    assert_normal("::FFFF:192.0.2.1", "::ffff:192.0.2.1");         /* §5 */
    assert_normal("::ffff:c000:201", "::ffff:192.0.2.1");
    assert_normal("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
    assert_normal("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
}

static void refuses_to_normalise_what_is_no_host(void **state)
{
    static const char *const cases[] = {"",        "[",      "[]",   "a:80", "[a.test]:1",
                                        "[::1]:1", "0x7f.1", "a..b", "a b"};
    char name[HOST_BYTES + 1];
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (host_normalise(bytes_of(cases[i]), &out) != STATUS_BAD_INPUT)
            fail_msg("accepted: %s", cases[i]);
    }
    /* 30 ideographs far from each other: they pass a label's 63 bytes as an A-label. */
    for (unsigned i = 0; i < 30; i++) {
        unsigned c = 0x4e00 + i * 7919 % 0x5000;

        name[3 * i] = (char)(0xe0 | c >> 12);
        name[3 * i + 1] = (char)(0x80 | (c >> 6 & 0x3f));
        name[3 * i + 2] = (char)(0x80 | (c & 0x3f));
    }
    assert_int_equal(host_normalise(bytes_make(name, 90), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    assert_int_equal(host_normalise(bytes_make(name, 30), &out), STATUS_OK);
    buf_clear(&out);
    /* 84 labels of one letter fit as UTF-8, and pass a name's 253 as A-labels. */
    for (size_t i = 0; i + 2 < sizeof(name); i += 3)
        memcpy(name + i, "\xc3\xa9.", 3);
    assert_int_equal(host_normalise(bytes_make(name, 252), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

static void tells_of_a_full_buffer(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4);
    assert_int_equal(host_normalise(BYTES("a.test"), &out), STATUS_LIMIT);
    buf_release(&out);
}

static void assert_punycode(const uint32_t *points, size_t count, const char *expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(punycode_encode(points, count, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

/* RFC 3492 §7.1 (A) (B) (D) (L) (S) */
static void encodes_the_samples_of_rfc_3492(void **state)
{
    static const uint32_t arabic[] = {0x644, 0x64a, 0x647, 0x645, 0x627, 0x628, 0x62a, 0x643, 0x644,
                                      0x645, 0x648, 0x634, 0x639, 0x631, 0x628, 0x64a, 0x61f};
    static const uint32_t chinese[] = {0x4ed6, 0x4eec, 0x4e3a, 0x4ec0, 0x4e48,
                                       0x4e0d, 0x8bf4, 0x4e2d, 0x6587};
    static const uint32_t czech[] = {'P', 'r', 'o', 0x10d, 'p', 'r',  'o',   's', 't', 0x11b, 'n',
                                     'e', 'm', 'l', 'u',   'v', 0xed, 0x10d, 'e', 's', 'k',   'y'};
    static const uint32_t year[] = {'3', 0x5e74, 'B', 0x7d44, 0x91d1, 0x516b, 0x5148, 0x751f};
    static const uint32_t ascii[] = {'-', '>', ' ', '$', '1', '.', '0', '0', ' ', '<', '-'};

    (void)state;
    assert_punycode(arabic, 17, "egbpdaj6bu4bxfgehfvwxn");
    assert_punycode(chinese, 9, "ihqwcrb4cv8a8dqg056pqjye");
    assert_punycode(czech, 22, "Proprostnemluvesky-uyb24dma41a");
    assert_punycode(year, 8, "3B-ww4c5e180e575a65lsy2b");
    assert_punycode(ascii, 11, "-> $1.00 <--");
}

static void encodes_the_farthest_code_points_without_overflow(void **state)
{
    uint32_t points[HOST_LABEL_BYTES + 1];
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        points[i] = i % 2 ? 0x10ffff : 0x80;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(punycode_encode(points, HOST_LABEL_BYTES, &out), STATUS_OK);
    assert_int_equal(punycode_encode(points, HOST_LABEL_BYTES + 1, &out), STATUS_BAD_INPUT);
    buf_release(&out);
}

static void assert_decoded(const char *in, bool form, const char *expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    percent_decode(bytes_of(in), form, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void decodes_percent_pairs_and_keeps_strays(void **state)
{
    struct buf out;

    (void)state;
    assert_decoded("a%20b%2Fc%2fd", false, "a b/c/d");
    assert_decoded("a+b", false, "a+b");
    assert_decoded("a+b%2B", true, "a b+");
    assert_decoded("%", false, "%");
    assert_decoded("%4", false, "%4");
    assert_decoded("%zz%4g%41", false, "%zz%4gA");
    assert_decoded("%%41", false, "%A");
    assert_decoded("%2541", false, "%41");
    buf_init(&out, OUT_BYTES);
    percent_decode(BYTES("%00%ff"), false, &out);
    assert_memory_equal(buf_bytes(&out).ptr, "\0\xff", 2);
    buf_release(&out);
}

static void encodes_all_but_unreserved_characters(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    percent_encode(BYTES("aZ09-._~ /?\xff"), NULL, &out);
    assert_string_equal(buf_text(&out), "aZ09-._~%20%2F%3F%FF");
    buf_clear(&out);
    percent_encode(BYTES("/a b?c"), "/?", &out);
    assert_string_equal(buf_text(&out), "/a%20b?c");
    buf_release(&out);
}

static void takes_a_query_apart(void **state)
{
    struct bytes query = BYTES("&a=1&&b&c=&=d&e=f=g&"), name, value;

    (void)state;
    assert_true(url_query_next(&query, &name, &value));
    assert_bytes(name, "a");
    assert_bytes(value, "1");
    assert_true(url_query_next(&query, &name, &value));
    assert_bytes(name, "b");
    assert_null(value.ptr);
    assert_true(url_query_next(&query, &name, &value));
    assert_bytes(name, "c");
    assert_non_null(value.ptr);
    assert_int_equal(value.len, 0);
    assert_true(url_query_next(&query, &name, &value));
    assert_int_equal(name.len, 0);
    assert_bytes(value, "d");
    assert_true(url_query_next(&query, &name, &value));
    assert_bytes(name, "e");
    assert_bytes(value, "f=g");
    assert_false(url_query_next(&query, &name, &value));
    query = (struct bytes){0};
    assert_false(url_query_next(&query, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_host_and_port),
        cmocka_unit_test(flags_userinfo_and_skips_it),
        cmocka_unit_test(refuses_ports_that_are_not_1_to_65535),
        cmocka_unit_test(refuses_hosts_of_odd_characters),
        cmocka_unit_test(refuses_other_spellings_of_an_ipv4_address),
        cmocka_unit_test(refuses_bad_ipv6),
        cmocka_unit_test(holds_names_to_their_lengths),
        cmocka_unit_test(parses_a_whole_url),
        cmocka_unit_test(tells_absent_parts_from_empty_ones),
        cmocka_unit_test(refuses_what_is_no_url),
        cmocka_unit_test(knows_the_default_ports),
        cmocka_unit_test(normalises_names),
        cmocka_unit_test(writes_ipv6_as_rfc_5952_says),
        cmocka_unit_test(refuses_to_normalise_what_is_no_host),
        cmocka_unit_test(tells_of_a_full_buffer),
        cmocka_unit_test(encodes_the_samples_of_rfc_3492),
        cmocka_unit_test(encodes_the_farthest_code_points_without_overflow),
        cmocka_unit_test(decodes_percent_pairs_and_keeps_strays),
        cmocka_unit_test(encodes_all_but_unreserved_characters),
        cmocka_unit_test(takes_a_query_apart),
    };

    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
