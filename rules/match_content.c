/* Tests of the response, and of contents that are held whole. */
#include "http/json.h"
#include "http/json_value.h"
#include "http/json_value_equal.h"
#include "rules/match.h"

const struct head *match_head(const struct match_test *t, struct match_run *run)
{
    if (!t->response)
        return run->view->request;
    if (!run->view->response)
        run->needs |= NEEDS_RESPONSE;
    return run->view->response;
}

/* NULL, noted in `needs` or `fault`, when there is none. */
static const struct rule_body *match_content(const struct match_test *t, struct match_run *run)
{
    const struct rule_view *view = run->view;
    const struct rule_body *body = t->response ? view->response_body : view->request_body;

    if (!body) {
        run->needs |= !t->response     ? NEEDS_REQUEST_BODY
                      : view->response ? NEEDS_RESPONSE_BODY
                                       : NEEDS_RESPONSE;
        return NULL;
    }
    return body;
}

bool test_status(const struct match_test *t, struct match_run *run)
{
    const struct head *response = run->view->response;

    if (!response) {
        run->needs |= NEEDS_RESPONSE;
        return false;
    }
    for (uint32_t i = 0; i < t->count; i++) {
        const struct choice *choice = &t->choices[i];

        if (choice->kind == CHOICE_RANGE && response->status >= choice->range.low &&
            response->status <= choice->range.high)
            return true;
        if (choice->kind == CHOICE_PATTERN) {
            uint8_t digits[3] = {(uint8_t)('0' + response->status / 100 % 10),
                                 (uint8_t)('0' + response->status / 10 % 10),
                                 (uint8_t)('0' + response->status % 10)};
            struct match_test one = {.choices = choice, .count = 1};

            if (match_choices_hold(&one, run, bytes_make(digits, sizeof(digits)), true))
                return true;
        }
    }
    return false;
}

/* "application/problem+json; charset=utf-8" is application/problem+json. */
static struct bytes media_type(const struct head *head)
{
    struct bytes value = fields_value(&head->fields, field_name(FIELD_CONTENT_TYPE));
    ptrdiff_t end = bytes_find(value, ';');

    return bytes_trim(end < 0 ? value : bytes_until(value, (size_t)end));
}

/* RFC 9110 §8.3.1, RFC 6838 §4.2.8. */
static bool type_is(struct bytes type, struct bytes wanted)
{
    ptrdiff_t slash = bytes_find(type, '/');
    struct bytes sub;

    if (bytes_find(wanted, '/') >= 0 || slash < 0)
        return bytes_equal_icase(type, wanted);
    sub = bytes_from(type, (size_t)slash + 1);
    if (bytes_equal_icase(bytes_until(type, (size_t)slash), wanted) ||
        bytes_equal_icase(sub, wanted))
        return true;
    return sub.len > wanted.len && sub.ptr[sub.len - wanted.len - 1] == '+' &&
           bytes_equal_icase(bytes_from(sub, sub.len - wanted.len), wanted);
}

bool test_type(const struct match_test *t, struct match_run *run)
{
    struct bytes type;

    if (!run->view->response) {
        run->needs |= NEEDS_RESPONSE;
        return false;
    }
    type = media_type(run->view->response);
    if (type.len == 0)
        return match_accepts_absence(t);
    for (uint32_t i = 0; i < t->count; i++) {
        struct match_test one = {.choices = &t->choices[i], .count = 1};

        if (one.choices->kind == CHOICE_TEXT ? type_is(type, one.choices->text)
                                             : match_choices_hold(&one, run, type, false))
            return true;
    }
    return false;
}

static bool any_span_holds(const struct match_test *t, int64_t value)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->choices[i].kind == CHOICE_SPAN && value >= t->choices[i].span.low &&
            value <= t->choices[i].span.high)
            return true;
    }
    return false;
}

bool test_duration(const struct match_test *t, struct match_run *run)
{
    if (!run->view->response) {
        run->needs |= NEEDS_RESPONSE;
        return false;
    }
    return any_span_holds(t, run->view->response_us);
}

/* Of what is at least `bytes` long: is it sure? */
static bool open_span_holds(const struct match_test *t, int64_t bytes)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->choices[i].span.high == INT64_MAX && bytes >= t->choices[i].span.low)
            return true;
    }
    return false;
}

/* What Content-Length promises need not be waited for. */
bool test_size(const struct match_test *t, struct match_run *run)
{
    const struct head *response = run->view->response;
    const struct rule_body *body;
    struct match_test of_response = {.response = true};

    if (response && response->framing == HTTP_LENGTH)
        return any_span_holds(t, response->length);
    if (response && response->framing == HTTP_NO_BODY)
        return any_span_holds(t, 0);
    body = match_content(&of_response, run);
    if (!body)
        return false;
    if (!body->fault)
        return any_span_holds(t, body->wire_bytes);
    if (open_span_holds(t, body->wire_bytes))
        return true;
    run->fault = body->fault;
    return false;
}

/* The same, when it can be looked at. */
static const struct rule_body *match_readable(const struct match_test *t, struct match_run *run)
{
    const struct rule_body *body = match_content(t, run);

    if (body && body->fault) {
        run->fault = body->fault;
        return NULL;
    }
    if (body && run->view->on_loop && body->content.len > RULE_LOOP_BYTES) {
        run->needs |= NEEDS_TIME;
        return NULL;
    }
    return body;
}

bool test_body(const struct match_test *t, struct match_run *run)
{
    const struct rule_body *body = match_readable(t, run);

    if (!body)
        return false;
    if (body->content.len == 0 && match_accepts_absence(t))
        return true;
    for (uint32_t i = 0; i < t->count; i++) {
        struct match_test one = {.choices = &t->choices[i], .count = 1};

        if (one.choices->kind == CHOICE_PRESENT
                ? body->content.len > 0
                : match_choices_hold(&one, run, body->content, false))
            return true;
    }
    return false;
}

/* ---- JSON ------------------------------------------------------------------- */

static bool is_json(const struct match_test *t, struct match_run *run, struct bytes content)
{
    signed char *known = &run->json[t->response];
    struct json_fault fault;

    if (!*known)
        *known = json_check(content, &fault) == STATUS_OK ? 1 : -1;
    return *known > 0;
}

/* A string as what it says, any other value as it is written. *ret_made: on the desk. */
static bool value_text(struct match_run *run, struct bytes value, struct bytes *ret_text,
                       bool *ret_made)
{
    enum status st;

    *ret_made = json_kind(value) == JSON_KIND_STRING && bytes_find(value, '\\') >= 0;
    *ret_text = value;
    if (json_kind(value) == JSON_KIND_STRING)
        *ret_text = bytes_make(value.ptr + 1, value.len - 2);
    if (!*ret_made)
        return true;
    if (!match_desk(run))
        return false;
    buf_clear(&run->desk->text);
    st = json_string_text(value, &run->desk->text);
    *ret_text = buf_bytes(&run->desk->text);
    if (st == STATUS_NO_MEMORY)
        run->status = st;
    else if (st)
        run->fault = "a text in the JSON is longer than 128 KiB";
    return !st;
}

static bool json_choice_holds(const struct choice *choice, struct match_run *run,
                              struct bytes value)
{
    struct match_test one = {.choices = choice, .count = 1};
    struct bytes text;
    bool equal = false, made;
    enum status st;

    if (choice->kind == CHOICE_JSON) {
        st = json_value_equal(choice->text, value, &equal);
        if (st == STATUS_NO_MEMORY)
            run->status = st;
        return !st && equal;
    }
    if (choice->kind == CHOICE_TEXT && json_kind(value) != JSON_KIND_STRING)
        return false;
    return value_text(run, value, &text, &made) && match_choices_hold(&one, run, text, made);
}

bool test_json(const struct match_test *t, struct match_run *run)
{
    const struct rule_body *body = match_readable(t, run);
    struct bytes value;

    if (!body)
        return false;
    if (!is_json(t, run, body->content) || json_find(body->content, &t->path, &value))
        return match_accepts_absence(t);
    for (uint32_t i = 0; i < t->count; i++) {
        if (json_choice_holds(&t->choices[i], run, value))
            return true;
    }
    return false;
}
