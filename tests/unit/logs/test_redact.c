#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/json.h"
#include "logs/redact.h"

enum { OUT_BYTES = 64 * 1024 };

static const struct redactor redactor = {.on = true, .key = "0123456789abcdef"};

#define JWT_HEAD "eyJhbGciOiJIUzI1NiJ9"
#define JWT_BODY "eyJzdWIiOiIxMjM0NTY3ODkwIn0"

/* Each of these holds "S3cr3t" or two, and nothing of it may be left. */
static const struct {
    const char *name, *value;
} field_secrets[] = {
    {"Authorization", "Bearer S3cr3t"},
    {"Authorization", "Basic S3cr3t=="},
    {"authorization", "S3cr3t"},
    {"Authorization", "Digest username=\"S3cr3t\", response=\"S3cr3t\""},
    {"Authorization", "AWS4-HMAC-SHA256 Credential=S3cr3t/2024/us, Signature=S3cr3t"},
    {"Authorization", "a-key-of-more-than-twenty-letters-S3cr3t and more"},
    {"Proxy-Authorization", "Basic S3cr3t"},
    {"Cookie", "a=S3cr3t"},
    {"Cookie", "a=1; session=S3cr3t; b=\"S3cr3t\""},
    {"cookie", "S3cr3t"},
    {"Cookie", "a=S3cr3t=S3cr3t;b=S3cr3t"},
    {"Set-Cookie", "id=S3cr3t; Path=/; HttpOnly"},
    {"SET-COOKIE", "id=S3cr3t"},
    {"X-Api-Key", "S3cr3t"},
    {"X-CSRF-Token", "S3cr3t"},
    {"X-Auth-Token", "S3cr3t"},
    {"X-Amz-Security-Token", "S3cr3t"},
    {"X-Client-Data", "S3cr3t"},
    {"X-Hub-Signature", "sha1=S3cr3t"},
    {"Api_Key", "S3cr3t"},
    {"X-My-Secret", "S3cr3t"},
    {"Password", "S3cr3t"},
    {"Location", "/callback?code=S3cr3t&state=S3cr3t"},
    {"Location", "https://app.test/#access_token=S3cr3t&token_type=bearer"},
    {"Location", "callback?code=S3cr3t"},
    {"Referer", "https://joe:S3cr3t@a.test/"},
    {"Referer", "https://a.test/reset?token=S3cr3t"},
    {"Content-Location", "/a?sig=S3cr3t"},
    {"Link", "<https://a.test/next?token=S3cr3t>; rel=\"next\""},
    {"Link", "<https://a.test/>; rel=a, <https://joe:S3cr3t@b.test/?token=S3cr3t>; rel=\"b\""},
    {"Origin", "https://joe:S3cr3t@a.test"},
    {"Refresh", "5; url=next?token=S3cr3t"},
    {"WWW-Authenticate", "Negotiate S3cr3t=="},
    {"Proxy-Authenticate", "NTLM S3cr3t"},
    {"Sec-WebSocket-Protocol", "chat, bearer, S3cr3t"},
    {"Sec-WebSocket-Protocol", "access_token,S3cr3t, chat"},
    {"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.S3cr3t, base64.k8s.io"},
    {"Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.S3cr3t.S3cr3t"},
    {"User-Agent", "x " JWT_HEAD "." JWT_BODY ".S3cr3t"},
    {"X-Forwarded-Jwt", JWT_HEAD "." JWT_BODY ".S3cr3t"},
    {"X-Whatever", "prefix " JWT_HEAD "." JWT_BODY ".S3cr3t suffix"},
};

static const char *const url_secrets[] = {
    "/?sessi%6Fn=S3cr3t",
    "/?x_api%6Bey=S3cr3t",
    "/?token=S3cr3t",
    "/a?x=1&access_token=S3cr3t&y=2",
    "/a?ACCESS-TOKEN=S3cr3t",
    "/a?access%5Ftoken=S3cr3t",
    "/a?password=S3cr3t#S",
    "/a?user[password]=S3cr3t",
    "/a?X-Amz-Signature=S3cr3t&X-Amz-Credential=S3cr3t",
    "/a?AWSAccessKeyId=S3cr3t&Signature=S3cr3t&Expires=1",
    "/a?sv=2020&sig=S3cr3t",
    "/a?X-Goog-Signature=S3cr3t",
    "/a?key=S3cr3t",
    "/a?SAMLResponse=S3cr3t",
    "/a;jsessionid=S3cr3t",
    "/a;jsessionid=S3cr3t/b;x=1?y=2",
    "/a?token=S3cr3t;S3cr3t",
    "/a?a=1;token=S3cr3t",
    "/a?redirect=%2Fcb%3Fcode%3DS3cr3t",
    "/a?redirect=https%3A%2F%2Fb.test%2F%23access_token%3DS3cr3t",
    "/a?next=/cb?code=S3cr3t",
    "//joe:S3cr3t@a.test/",
    "https://joe:S3cr3t@a.test",
    "https://joe:S3cr3t@S3cr3t@a.test/?x",
    "login?token=S3cr3t&next=http://a.test",
    "https://a.test#access_token=S3cr3t",
    "https://a.test/#/route?access_token=S3cr3t",
    "/verify/" JWT_HEAD "." JWT_BODY ".S3cr3t/now",
    "/a?variables=%7B%22password%22%3A%22S3cr3t%22%7D",
    "/a?variables={\"password\":\"S3cr3t\"}",
    "/a?t=" JWT_HEAD "." JWT_BODY ".S3cr3t",
};

#define MULTIPART "multipart/form-data; boundary=\"x y\""

static const struct {
    const char *type, *body;
} body_secrets[] = {
    {"application/json", "{\"password\":\"S3cr3t\"}"},
    {"application/json", "{ \"a\" : { \"access_token\" \n : \t \"S3cr3t\" } }"},
    {"application/json", "{\"pass\\u0077ord\":\"S3cr3t\"}"},
    {"application/json", "{\"password\":\"S3cr3t\\\"S3cr3t\"}"},
    {"application/json", "{\"password\":\"S3cr3t"},
    {"application/json", "{\"password\":\"S3cr3t\\"},
    {"application/json", "{\"tokens\":[1],\"token\":[\"S3cr3t\",{\"a\":\"S3cr3t\"}],\"b\":\"c\"}"},
    {"application/json", "{\"clientSecret\":{\"value\":\"S3cr3t\"}}"},
    {"application/problem+json", "{\"refresh_token\":\"S3cr3t\"}"},
    {"text/plain", "{\"password\":\"S3cr3t\"}"},
    {"", "[{\"apiKey\":\"S3cr3t\"}]"},
    {"application/json", "{\"body\":\"{\\\"token\\\":\\\"S3cr3t\\\\\\\"S3cr3t\\\",\\\"a\\\":1}\"}"},
    {"application/json", "{\"body\":\"{\\\"pwd\\\": {\\\"a\\\": [\\\"S3cr3t\\\"]}}\"}"},
    {"application/json", "{\"token\":\"S3cr3t\\\\\",\"b\":\"\\\\\",\"sid\":\"S3cr3t\"}"},
    {"application/x-ndjson", "{\"a\":1}\n{\"token\":\"S3cr3t\"}\n{\"id_token\":\"S3cr3t\"}\n"},
    {"text/event-stream", "data: {\"token\":\"S3cr3t\"}\n\ndata: [DONE]\n\n"},
    {"text/html", "<p class=\"x><script>var c = {\"csrf-token\":\"S3cr3t\"}\n</script>"},
    {"text/html", "<p>don\"t</p>\n<script>x = {\"csrfToken\": \"S3cr3t\"}</script>"},
    {"text/plain", "see " JWT_HEAD "." JWT_BODY ".S3cr3t!"},
    {"application/json", "{\"whatever\":\"" JWT_HEAD "." JWT_BODY ".S3cr3t\"}"},
    {"application/json", "{\"next\":\"https://a.test/cb?code=S3cr3t\"}"},
    {"application/json", "{\"next\":\"https:\\/\\/a.test\\/cb?x=1\\u0026code=S3cr3t\"}"},
    {"application/json", "{\"url\":\"https://joe:S3cr3t@a.test/\",\"n\":\"@\"}"},
    {"application/json", "{\"url\":\"https:\\/\\/joe:S3cr3t@S3cr3t@a.test\\/\"}"},
    {"application/json", "{\"form\":\"user=joe&password=S3cr3t\"}"},
    {"application/json", "{\"form\":\"password=S3cr3t\"}"},
    {"application/json", "{\"query\":\"mutation { login(password: \\\"S3cr3t\\\") { id } }\"}"},
    {"application/graphql", "mutation { login(user: \"joe\", password: \"S3cr3t\") { id } }"},
    {"application/yaml", "user: joe\npassword: S3cr3t\nitems:\n  - token: 'S3cr3t'\n"},
    {"text/plain", "> Authorization: Bearer S3cr3t\r\n> Accept: */*\r\n"},
    {"text/plain", "login of joe password=S3cr3t from a.test"},
    {"text/plain", "token=S3cr3t"},
    {"", "grant_type=password&username=joe&password=S3cr3t"},
    {"text/plain", "see https://a.test/?a=b&sig=S3cr3t, or <https://b.test/#access_token=S3cr3t>"},
    {"text/html", "<a href=\"/cb?a=b&amp;code=S3cr3t\">go</a>"},
    {"text/html", "<input type=hidden name=\"csrf_token\" value=\"S3cr3t\">"},
    {"text/html", "<input value='S3cr3t' name=csrf-token>"},
    {"text/html", "<meta name='csrf-token' content='S3cr3t'/>"},
    {"application/xml", "<a><password>S3cr3t</password><b/></a>"},
    {"application/soap+xml", "<wsse:Password Type=\"x\"> S3cr3t\n</wsse:Password>"},
    {"text/xml", "<token><![CDATA[S3cr3t <b> S3cr3t]]></token>"},
    {"text/xml", "<credentials><user>S3cr3t</user><p>S3cr3t</p></credentials>"},
    {"text/xml", "<login user=\"joe\" password = \"S3cr3t\" />"},
    {"text/xml", "<entry key=\"api.key\">S3cr3t</entry><add key='ApiKey' value='S3cr3t'/>"},
    {"text/xml", "<password>S3cr3t"},
    {"text/xml", "<a password=\"S3cr3t"},
    {"application/javascript", "fetch('/x?access_token=S3cr3t')"},
    {"application/x-www-form-urlencoded", "payload=%7B%22token%22%3A%22S3cr3t%22%7D"},
    {MULTIPART, "--x y\r\nContent-Disposition: form-data; name=a\r\nContent-Type: "
                "application/x-www-form-urlencoded\r\n\r\nsid=S3cr3t&code=S3cr3t\r\n--x y--"},
    {MULTIPART, "--x y\r\nContent-Disposition: form-data; name=a\r\nContent-Type: "
                "text/xml\r\n\r\n<pwd>S3cr3t</pwd>\r\n--x y--"},
    {"application/x-www-form-urlencoded", "grant_type=password&username=joe&password=S3cr3t"},
    {"Application/X-WWW-Form-URLEncoded; charset=utf-8", "client_secret=S3cr3t&code=S3cr3t"},
    {"application/x-www-form-urlencoded", "user%5Bpassword%5D=S3cr3t&a=b"},
    {MULTIPART,
     "--x y\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nS3cr3t\r\n--x y--"},
    {MULTIPART, "--x y\r\nX: y\r\ncontent-disposition: form-data; filename=\"a;b\"; name=token\r\n"
                "\r\nS3cr3t\nS3cr3t"},
    {MULTIPART,
     "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"token\":\"S3cr3t\"}"
     "\r\n--x y\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r\nS3cr3t\r\n--x y--"},
    {MULTIPART, "--x y\r\nContent-Disposition: form-data; name=pwd; filename=\"S3cr3t\"; "
                "filename*=UTF-8''S3cr3t\r\n\r\nx\r\n--x y--"},
    {MULTIPART, "--x y\r\nContent-Disposition: form-data; name=a; filename=\"?token=S3cr3t\"\r\n"
                "X-Api-Key: S3cr3t\r\n\r\nx\r\n--x y--"},
    {MULTIPART, "--x y\nContent-Disposition: form-data; name=pwd\n\nS3cr3t\n--x y--\n"},
    {MULTIPART, "--x y\r\nX-Api-Key: S3cr3t"},
    {"multipart/form-data; "
     "boundary=1234567890123456789012345678901234567890123456789012345678901234"
     "567890123456789012345678901234567890",
     "token S3cr3t"},
};

static void assert_clean(struct buf *out, const char *what)
{
    const char *text = buf_text(out);

    if (strstr(text, "S3cr3t") || !strstr(text, "REDACTED:"))
        fail_msg("%s became %s", what, text);
    buf_clear(out);
}

static void leaves_no_planted_secret(void **state)
{
    struct buf out;
    size_t planted = 0;

    (void)state;
    buf_init(&out, OUT_BYTES);
    for (size_t i = 0; i < sizeof(field_secrets) / sizeof(field_secrets[0]); i++, planted++) {
        redact_put_field(&redactor, bytes_of(field_secrets[i].name),
                         bytes_of(field_secrets[i].value), &out);
        assert_clean(&out, field_secrets[i].value);
    }
    for (size_t i = 0; i < sizeof(url_secrets) / sizeof(url_secrets[0]); i++, planted++) {
        redact_put_url(&redactor, bytes_of(url_secrets[i]), &out);
        assert_clean(&out, url_secrets[i]);
    }
    for (size_t i = 0; i < sizeof(body_secrets) / sizeof(body_secrets[0]); i++, planted++) {
        redact_put_body(&redactor, bytes_of(body_secrets[i].type), bytes_of(body_secrets[i].body),
                        &out);
        assert_clean(&out, body_secrets[i].body);
    }
    assert_true(planted >= 60);
    buf_release(&out);
}

/* `put` twice: what came out the first time stays. */
static void assert_stays(void (*put)(const struct redactor *r, struct bytes type, struct bytes in,
                                     struct buf *out),
                         const char *type, const char *text)
{
    struct buf once, twice;

    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    put(&redactor, bytes_of(type), bytes_of(text), &once);
    put(&redactor, bytes_of(type), buf_bytes(&once), &twice);
    assert_string_equal(buf_text(&twice), buf_text(&once));
    buf_release(&once);
    buf_release(&twice);
}

static void put_url(const struct redactor *r, struct bytes type, struct bytes in, struct buf *out)
{
    (void)type;
    redact_put_url(r, in, out);
}

static void changes_nothing_the_second_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(field_secrets) / sizeof(field_secrets[0]); i++)
        assert_stays(redact_put_field, field_secrets[i].name, field_secrets[i].value);
    for (size_t i = 0; i < sizeof(url_secrets) / sizeof(url_secrets[0]); i++)
        assert_stays(put_url, "", url_secrets[i]);
    for (size_t i = 0; i < sizeof(body_secrets) / sizeof(body_secrets[0]); i++)
        assert_stays(redact_put_body, body_secrets[i].type, body_secrets[i].body);
}

static void the_quick_look_misses_no_field_with_a_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(field_secrets) / sizeof(field_secrets[0]); i++) {
        struct field field = {
            .name = bytes_of(field_secrets[i].name),
            .value = bytes_of(field_secrets[i].value),
        };

        field.id = (uint16_t)field_id_of(field.name);
        if (!redact_field_maybe(&redactor, &field))
            fail_msg("%s: %s", field_secrets[i].name, field_secrets[i].value);
    }
}

static void assert_field(const char *name, const char *value, const char *pattern)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    redact_put_field(&redactor, bytes_of(name), bytes_of(value), &out);
    /* eight digits of a pseudonym stand for themselves */
    for (char *at = strstr((char *)(uintptr_t)buf_text(&out), "REDACTED:"); at;
         at = strstr(at + 9, "REDACTED:"))
        memset(at + 9, '#', 8);
    assert_string_equal(buf_text(&out), pattern);
    buf_release(&out);
}

static void keeps_what_is_no_secret_of_a_field(void **state)
{
    (void)state;
    assert_field("Authorization", "Bearer abc", "Bearer REDACTED:########");
    assert_field("Cookie", "a=1; b=2", "a=REDACTED:########; b=REDACTED:########");
    assert_field("Set-Cookie", "a=1; Path=/; Max-Age=3", "a=REDACTED:########; Path=/; Max-Age=3");
    assert_field("Set-Cookie", "a=; Max-Age=0", "a=; Max-Age=0");
    assert_field("Location", "/a?x=1&code=2#top", "/a?x=1&code=REDACTED:#########top");
    assert_field("Accept", "text/html, */*;q=0.8", "text/html, */*;q=0.8");
    assert_field("Date", "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_field("Authorization", "", "");
}

static void assert_body_kept(const char *type, const char *body)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    redact_put_body(&redactor, bytes_of(type), bytes_of(body), &out);
    assert_string_equal(buf_text(&out), body);
    buf_release(&out);
}

static void keeps_bodies_without_secrets_byte_by_byte(void **state)
{
    (void)state;
    assert_body_kept("application/json", "{\"a\":\"b\",\"code\":404,\"state\":[\"x\"],\"n\":null}");
    assert_body_kept("application/json", "{\"password\":null,\"token\":true}");
    assert_body_kept("application/json", "[\"password\",\"token\"] \"password\" x");
    assert_body_kept("text/html", "<a href=\"x\">\"quoted\"</a> \\\" : \"");
    assert_body_kept("application/x-www-form-urlencoded", "a=b&c&&=d&password=");
    assert_body_kept(MULTIPART,
                     "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x y--");
    assert_body_kept("text/plain", "eyJ eyJ.eyJ eyJhbGciOiJIUzI1NiJ9.nothing-signed");
    assert_body_kept("text/html", "<p name=x>a=b</p><input name=\"q\" value=\"v\"><br/> a < b");
    assert_body_kept("text/html", "<code>x</code><form name=\"state\"><key>k</key></form>");
    assert_body_kept("application/xml", "<!-- <a --><![CDATA[<x]]><a b=c d/></a></ ><");
    assert_body_kept("text/css", "input[type=password]{a:b}");
    assert_body_kept("application/javascript", "var token=e.token;if(a&&b==c){x.password=y}");
    assert_body_kept("text/plain", "a@b.test http://a.test/@joe http://a.test/x?y=z the code: 5");
    assert_body_kept("application/json", "{\"a\":\"token=\",\"b\":\"x token:\",\"c\":\"\"}");
    assert_body_kept("", "");
    assert_body_kept("", "\"");
    assert_body_kept("", "\"\"");
    assert_body_kept("", "\"a\"\"");
    assert_body_kept("", "\"\\\"");
    assert_body_kept("", "::\":\":\" :\":\"");
    assert_body_kept("application/json", "{\"token\":\"\",\"x\":\"token\",\"y\":{\"token\":{}}}");
}

static void keeps_json_valid_around_secret_numbers(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    redact_put_body(&redactor, BYTES("application/json"),
                    BYTES("{\"otp\":-1.5e3,\"b\":{\"token\":[1, 2]},\"c\":3}"), &out);
    assert_memory_equal(out.ptr, "{\"otp\":\"REDACTED:", 17);
    assert_non_null(strstr(buf_text(&out), "\"},") ? NULL : "");
    assert_non_null(strstr(buf_text(&out), "\"]},\"c\":3}"));
    buf_release(&out);
}

/* Texts within a string of JSON that begin a secret and do not end as it should. */
static void keeps_json_valid_around_what_only_looks_like_json(void **state)
{
    static const char *const texts[] = {
        "{\"body\":\"token\\\":-1,\\\"x\\\":2\"}",
        "{\"body\":\"{\\\"token\\\":\\\"x\\\\\"}",
        "{\"body\":\"{\\\"token\\\":[1, 2]}\"}",
    };
    struct json_fault fault;
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buf_init(&out, OUT_BYTES);
        assert_int_equal(json_check(bytes_of(texts[i]), &fault), STATUS_OK);
        redact_put_body(&redactor, BYTES("application/json"), bytes_of(texts[i]), &out);
        assert_non_null(strstr(buf_text(&out), "REDACTED"));
        assert_int_equal(json_check(buf_bytes(&out), &fault), STATUS_OK);
        buf_release(&out);
    }
}

static void the_same_secret_has_the_same_pseudonym_everywhere(void **state)
{
    struct buf a, b;

    (void)state;
    buf_init(&a, OUT_BYTES);
    buf_init(&b, OUT_BYTES);
    redact_put_secret(&redactor, BYTES("S3cr3t/+"), &a);
    redact_put_field(&redactor, BYTES("Authorization"), BYTES("Bearer S3cr3t/+"), &b);
    assert_non_null(strstr(buf_text(&b), buf_text(&a)));
    buf_clear(&b);
    redact_put_url(&redactor, BYTES("/?token=S3cr3t%2f%2B"), &b);
    assert_non_null(strstr(buf_text(&b), buf_text(&a)));
    buf_clear(&b);
    redact_put_body(&redactor, BYTES("application/json"), BYTES("{\"token\":\"S3cr3t/+\"}"), &b);
    assert_non_null(strstr(buf_text(&b), buf_text(&a)));
    buf_clear(&b);
    redact_put_secret(&redactor, BYTES("S3cr3t/-"), &b);
    assert_string_not_equal(buf_text(&b), buf_text(&a));
    buf_release(&a);
    buf_release(&b);
}

static void another_process_has_other_pseudonyms(void **state)
{
    const struct redactor other = {.on = true, .key = "another key ...."};
    struct buf a, b;

    (void)state;
    buf_init(&a, OUT_BYTES);
    buf_init(&b, OUT_BYTES);
    redact_put_secret(&redactor, BYTES("S3cr3t"), &a);
    redact_put_secret(&other, BYTES("S3cr3t"), &b);
    assert_string_not_equal(buf_text(&b), buf_text(&a));
    buf_release(&a);
    buf_release(&b);
}

static void copies_everything_when_off(void **state)
{
    const struct redactor off = {.on = false};
    struct field cookie = {.name = BYTES("Cookie"), .value = BYTES("a=b"), .id = FIELD_COOKIE};
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    redact_put_field(&off, BYTES("Cookie"), BYTES("a=b;c"), &out);
    redact_put_url(&off, BYTES("//u:p@h/?token=x"), &out);
    redact_put_body(&off, BYTES("application/json"), BYTES("{\"password\":1}"), &out);
    redact_put_secret(&off, BYTES("s"), &out);
    assert_string_equal(buf_text(&out), "a=b;c//u:p@h/?token=x{\"password\":1}s");
    assert_false(redact_field_maybe(&off, &cookie));
    buf_release(&out);
}

static void leaves_nothing_half_done_where_there_is_no_room(void **state)
{
    struct bytes body = BYTES("a {\"token\":\"1\"} http://a.test/?token=S3cr3t <pwd>S3cr3t</pwd>");

    (void)state;
    for (size_t room = 0; room < body.len + 40; room++) {
        struct buf out;

        buf_init(&out, room + 2);
        buf_put_text(&out, "x ");
        redact_put_body(&redactor, BYTES("text/plain"), body, &out);
        assert_true(bytes_search(buf_bytes(&out), BYTES("S3cr3t")) < 0);
        if (buf_status(&out))
            assert_int_equal(out.len, 2);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_planted_secret),
        cmocka_unit_test(changes_nothing_the_second_time),
        cmocka_unit_test(the_quick_look_misses_no_field_with_a_secret),
        cmocka_unit_test(keeps_what_is_no_secret_of_a_field),
        cmocka_unit_test(keeps_bodies_without_secrets_byte_by_byte),
        cmocka_unit_test(keeps_json_valid_around_secret_numbers),
        cmocka_unit_test(keeps_json_valid_around_what_only_looks_like_json),
        cmocka_unit_test(the_same_secret_has_the_same_pseudonym_everywhere),
        cmocka_unit_test(another_process_has_other_pseudonyms),
        cmocka_unit_test(copies_everything_when_off),
        cmocka_unit_test(leaves_nothing_half_done_where_there_is_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
