/* The part of the control API that lists rules and switches them while they run. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proxy/loop/fleet_impl.h"

enum {
    RULES_PAGE = 1000,  /* rules of one answer */
    SWITCH_NAMES = 100, /* of one request */
    SWITCH_TOLD = 5,    /* rules that the line for people names */
    SAID_BYTES = 8 * 1024,
};

/* What is not UTF-8, as a file's name may be, is escaped. */
static json_t *text_json(const char *text)
{
    json_t *json = json_string(text);
    struct buf shown;

    if (json)
        return json;
    buf_init(&shown, SAID_BYTES);
    text_put_terminal(&shown, bytes_of(text));
    json = json_string(buf_text(&shown));
    buf_release(&shown);
    return json;
}

static json_t *rule_json(const struct ruleset *rules, size_t i)
{
    struct rule_info info;

    ruleset_info(rules, i, &info);
    return json_pack("{s:I,s:o,s:o,s:o,s:b,s:b,s:I,s:I}", //
                     "number", (json_int_t)i + 1,         //
                     "name", text_json(info.name),        //
                     "group", text_json(info.group),      //
                     "place", text_json(info.place),      //
                     "on", info.on ? 1 : 0,               //
                     "on_in_file", info.enabled ? 1 : 0,  //
                     "matched", (json_int_t)info.matched, //
                     "fired", (json_int_t)info.fired);
}

static size_t rules_count(const struct fleet *f)
{
    return f->rules ? ruleset_count(f->rules) : 0;
}

/* ---- the list, in pages: "?from=1000" skips the first thousand ---- */

void fleet_answer_rules(struct fleet *f, struct control_request *request)
{
    static const struct bytes key = BYTES_INIT("?from=");
    const char *query = strchr(request->target, '?');
    struct bytes given = bytes_of(query);
    uint64_t from = 0;
    json_t *list;

    if (query && (!bytes_starts_with(given, key) ||
                  bytes_to_u64(bytes_from(given, key.len), UINT32_MAX, &from))) {
        control_answer(request, 400, json_pack("{s:s}", "error", "expected ?from=NUMBER"));
        return;
    }
    list = json_array();
    for (size_t i = from; i < rules_count(f) && i < from + RULES_PAGE; i++) {
        if (json_array_append_new(list, rule_json(f->rules, i))) { /* out of memory */
            json_decref(list);
            control_answer(request, 500, NULL);
            return;
        }
    }
    control_answer(request, 200,
                   json_pack("{s:I,s:o}", "count", (json_int_t)rules_count(f), "rules", list));
}

/* ---- switches ---- */

static json_t *unknown_json(const struct fleet *f, const char *word)
{
    const char *near = f->rules ? ruleset_nearest(f->rules, bytes_of(word)) : NULL;
    struct buf text;
    json_t *json;

    buf_init(&text, SAID_BYTES);
    buf_put_text(&text, "no rule, group or place is called '");
    text_put_terminal(&text, bytes_of(word));
    buf_put_text(&text, near ? "', did you mean '" : "'");
    text_put_terminal(&text, bytes_of(near));
    buf_put_text(&text, near ? "'?" : "");
    json = json_pack("{s:s}", "error", buf_text(&text));
    buf_release(&text);
    return json;
}

/* The first word that no rule is meant by; NULL: there is none. */
static const char *unknown_word(const struct fleet *f, const json_t *names)
{
    size_t n;
    json_t *name;

    json_array_foreach(names, n, name)
    {
        struct bytes word = bytes_of(json_string_value(name));
        size_t i = 0;

        while (i < rules_count(f) && !ruleset_means(f->rules, i, word))
            i++;
        if (i == rules_count(f))
            return json_string_value(name);
    }
    return NULL;
}

static bool is_meant(const struct fleet *f, size_t i, const json_t *names)
{
    size_t n;
    json_t *name;

    json_array_foreach(names, n, name)
    {
        if (ruleset_means(f->rules, i, bytes_of(json_string_value(name))))
            return true;
    }
    return false;
}

/* One line for people, of the first few. */
static void say_switched(const struct fleet *f, const json_t *changed, bool on)
{
    size_t count = json_array_size(changed), i;
    struct buf line;
    json_t *rule;

    if (count == 0)
        return;
    buf_init(&line, SAID_BYTES);
    buf_putf(&line, "switched %s: ", on ? "on" : "off");
    json_array_foreach(changed, i, rule)
    {
        const char *name = json_string_value(json_object_get(rule, "name"));
        const char *place = json_string_value(json_object_get(rule, "place"));

        if (i == SWITCH_TOLD)
            break;
        buf_putf(&line, "%s%s%s%s", i ? ", " : "", place ? place : "", name && name[0] ? " " : "",
                 name ? name : "");
    }
    if (count > SWITCH_TOLD)
        buf_putf(&line, " and %zu more", count - SWITCH_TOLD);
    f->env.say(f->env.self, buf_text(&line));
    buf_release(&line);
}

static void rules_switch(struct fleet *f, struct control_request *request, bool on,
                         const json_t *names)
{
    json_t *changed = json_array();
    json_int_t meant = 0;

    for (size_t i = 0; i < rules_count(f); i++) {
        if (!is_meant(f, i, names))
            continue;
        meant++;
        if (ruleset_switch(f->rules, i, on))
            json_array_append_new(changed, rule_json(f->rules, i));
    }
    say_switched(f, changed, on);
    control_answer(
        request, 200,
        json_pack("{s:b,s:I,s:o}", "on", on ? 1 : 0, "meant", meant, "changed", changed));
}

/* {"names": ["a rule", "a group", "proxy.yaml:12"]} */
static bool names_are_good(const json_t *names)
{
    size_t n;
    json_t *name;

    if (!json_is_array(names) || json_array_size(names) == 0 ||
        json_array_size(names) > SWITCH_NAMES)
        return false;
    json_array_foreach(names, n, name)
    {
        if (!json_is_string(name))
            return false;
    }
    return true;
}

/* All or nothing: one unknown name, and nothing is switched. */
static void answer_switch(struct fleet *f, struct control_request *request, bool on)
{
    struct bytes text = buf_bytes(&request->body);
    json_t *body = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    const json_t *names = json_object_get(body, "names");
    const char *unknown;

    if (!names_are_good(names)) {
        control_answer(
            request, 400,
            json_pack("{s:s}", "error", "expected {\"names\": […]} with 1 to 100 texts in it"));
    } else {
        unknown = unknown_word(f, names);
        if (unknown)
            control_answer(request, 404, unknown_json(f, unknown));
        else
            rules_switch(f, request, on, names);
    }
    json_decref(body);
}

void fleet_answer_on(struct fleet *f, struct control_request *request)
{
    answer_switch(f, request, true);
}

void fleet_answer_off(struct fleet *f, struct control_request *request)
{
    answer_switch(f, request, false);
}
