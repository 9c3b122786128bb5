/* The rules of a running weir: listed, and switched on and off. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/instance.h"
#include "cli/reply.h"
#include "cli/rules_test.h"

enum {
    TABLE_BYTES = 64 * 1024 * 1024,
    CELL_BYTES = 1024,
    TARGET_TEXT = 64,
    PAGES = 1000, /* of the list; a page has a thousand rules */
};

/* ---- the table ---- */

enum column { NUMBER, STATE, GROUP, NAME, PLACE, MATCHED, FIRED, COLUMNS };

static const char *const titles[COLUMNS] = {"#",     "state",   "group", "name",
                                            "place", "matched", "fired"};
static const bool is_number[COLUMNS] = {[NUMBER] = true, [MATCHED] = true, [FIRED] = true};

static const char *state_text(const json_t *rule)
{
    bool on = json_is_true(json_object_get(rule, "on"));

    if (on == json_is_true(json_object_get(rule, "on_in_file")))
        return on ? "on" : "off";
    return on ? "on (file: off)" : "off (file: on)";
}

/* One that was never asked for is told apart from one that did not fire. */
static void put_fired(struct buf *out, const json_t *rule)
{
    if (reply_number(rule, "matched") == 0)
        buf_put_text(out, "never hit");
    else
        buf_putf(out, "%lld", (long long)reply_number(rule, "fired"));
}

/* `out` is emptied first. */
static void cell_put(struct buf *out, const json_t *rule, enum column column)
{
    static const char *const keys[COLUMNS] = {[NUMBER] = "number",
                                              [GROUP] = "group",
                                              [NAME] = "name",
                                              [PLACE] = "place",
                                              [MATCHED] = "matched"};

    buf_clear(out);
    if (column == STATE)
        buf_put_text(out, state_text(rule));
    else if (column == FIRED)
        put_fired(out, rule);
    else if (is_number[column])
        buf_putf(out, "%lld", (long long)reply_number(rule, keys[column]));
    else if (reply_text(rule, keys[column])[0])
        text_put_terminal(out, bytes_of(reply_text(rule, keys[column])));
    else
        buf_put_byte(out, '-');
}

static size_t text_width(struct bytes text)
{
    size_t width = 0;

    while (text.len) {
        uint32_t c = ' ';
        size_t len = utf8_decode(text, &c);

        width += (size_t)utf8_width(c);
        text = bytes_from(text, len ? len : 1);
    }
    return width;
}

static void put_padded(struct buf *out, struct bytes text, enum column column, size_t width)
{
    size_t own = text_width(text), gap = width > own ? width - own : 0;

    if (!is_number[column])
        buf_put(out, text);
    if (is_number[column] || column + 1 < COLUMNS)
        buf_putf(out, "%*s", (int)gap, "");
    if (is_number[column])
        buf_put(out, text);
    buf_put_text(out, column + 1 < COLUMNS ? "  " : "\n");
}

static void put_table(struct buf *out, const json_t *rules, bool colour)
{
    size_t widths[COLUMNS], i;
    struct buf cell;
    json_t *rule;

    buf_init(&cell, CELL_BYTES);
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = strlen(titles[c]);
        json_array_foreach(rules, i, rule)
        {
            size_t width;

            cell_put(&cell, rule, (enum column)c);
            width = text_width(buf_bytes(&cell));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    buf_put_text(out, colour ? "\033[1m" : "");
    for (int c = 0; c < COLUMNS; c++)
        put_padded(out, bytes_of(titles[c]), (enum column)c, widths[c]);
    buf_put_text(out, colour ? "\033[0m" : "");
    json_array_foreach(rules, i, rule)
    {
        for (int c = 0; c < COLUMNS; c++) {
            cell_put(&cell, rule, (enum column)c);
            put_padded(out, buf_bytes(&cell), (enum column)c, widths[c]);
        }
    }
    buf_release(&cell);
}

/* ---- list ---- */

/* The weir answered something else than was asked for: says so. */
static int refused(const struct cli *cli, struct control_reply *reply)
{
    const char *error = reply_text(reply->body, "error");
    int code = reply->status == 404 && error[0] ? CODE_NO_MATCH : CODE_FAILED;

    cli_error(cli, "%s", error[0] ? error : "the running weir does not know this request");
    json_decref(reply->body);
    return code;
}

/* One page, added to `rules`; *ret_more: there are further ones. */
static int read_page(const struct cli *cli, const char *path, json_t *rules, bool *ret_more)
{
    char target[TARGET_TEXT];
    struct control_reply reply;
    json_t *page;
    int code;

    snprintf(target, sizeof(target), "/v1/rules?from=%zu", json_array_size(rules));
    code = instance_ask(cli, path, "GET", target, &reply);
    if (code)
        return code;
    if (reply.status != 200)
        return refused(cli, &reply);
    page = json_object_get(reply.body, "rules");
    *ret_more = json_array_size(page) > 0;
    if (json_array_extend(rules, page))
        code = CODE_FAILED;
    *ret_more = *ret_more && (int64_t)json_array_size(rules) < reply_number(reply.body, "count");
    json_decref(reply.body);
    return code;
}

static int print_list(const struct cli *cli, const json_t *rules)
{
    struct buf out;
    int code;

    if (options_has(&cli->options, OPTION_JSON))
        return reply_print(cli, rules);
    if (json_array_size(rules) == 0) {
        cli_say(cli, "this weir has no rules");
        return CODE_OK;
    }
    buf_init(&out, TABLE_BYTES);
    put_table(&out, rules, cli->colour_out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static int rules_list(const struct cli *cli, const char *path)
{
    json_t *rules = json_array();
    bool more = true;
    int code = CODE_OK;

    for (int i = 0; !code && more && i < PAGES; i++)
        code = read_page(cli, path, rules, &more);
    if (!code)
        code = print_list(cli, rules);
    json_decref(rules);
    return code;
}

/* ---- on, off ---- */

static int print_switched(const struct cli *cli, const json_t *body)
{
    const char *state = json_is_true(json_object_get(body, "on")) ? "on" : "off";
    const json_t *changed = json_object_get(body, "changed");
    int64_t as_before = reply_number(body, "meant") - (int64_t)json_array_size(changed);
    struct buf out;
    json_t *rule;
    size_t i;
    int code;

    if (options_has(&cli->options, OPTION_JSON))
        return reply_print(cli, body);
    buf_init(&out, TABLE_BYTES);
    json_array_foreach(changed, i, rule)
    {
        buf_putf(&out, "%s  ", state);
        text_put_terminal(&out, bytes_of(reply_text(rule, "place")));
        buf_put_text(&out, reply_text(rule, "name")[0] ? " " : "");
        text_put_terminal(&out, bytes_of(reply_text(rule, "name")));
        buf_put_byte(&out, '\n');
    }
    code = cli_print(cli, &out);
    buf_release(&out);
    if (as_before)
        cli_say(cli, "%lld rule%s %s already %s", (long long)as_before, as_before == 1 ? "" : "s",
                as_before == 1 ? "was" : "were", state);
    return code;
}

static int rules_switch(const struct cli *cli, const char *path, const char *target)
{
    json_t *names = json_array();
    struct control_call call = {.method = "POST", .target = target};
    struct control_reply reply;
    json_t *body;
    int code;

    for (int i = 1; i < cli->options.operand_count; i++)
        if (json_array_append_new(names, json_string(cli->options.operands[i]))) {
            json_decref(names);
            return cli_usage(cli, "a name is text in UTF-8");
        }
    body = json_pack("{s:o}", "names", names);
    call.body = body;
    code = instance_call(cli, path, &call, &reply);
    json_decref(body);
    if (code)
        return code;
    if (reply.status != 200)
        return refused(cli, &reply);
    code = print_switched(cli, reply.body);
    json_decref(reply.body);
    return code;
}

static int rules_on(const struct cli *cli, const char *path)
{
    return rules_switch(cli, path, "/v1/rules/on");
}

static int rules_off(const struct cli *cli, const char *path)
{
    return rules_switch(cli, path, "/v1/rules/off");
}

/* ---- the command ---- */

static const struct word {
    const char *name;
    int (*run)(const struct cli *cli, const char *path);
    bool takes_names;
} words[] = {
    {"list", rules_list, false},
    {"on", rules_on, true},
    {"off", rules_off, true},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

static int unknown_word(const struct cli *cli, const char *given)
{
    const char *names[WORDS + 1] = {[WORDS] = "test"};
    const char *near;

    for (size_t i = 0; i < WORDS; i++)
        names[i] = words[i].name;
    near = text_nearest(bytes_of(given), names, WORDS + 1);
    if (near)
        return cli_usage(cli, "'weir rules' knows no '%.60s', did you mean '%s'?", given, near);
    return cli_usage(cli, "'weir rules' knows list, on, off and test, but no '%.60s'", given);
}

static int run_word(const struct cli *cli, const struct word *word)
{
    bool named = cli->options.operand_count > 1;
    char path[CONTROL_PATH_TEXT];
    int code;

    if (named && !word->takes_names)
        return cli_usage(cli, "'weir rules %s' takes no operand: '%.60s'", word->name,
                         cli->options.operands[1]);
    if (!named && word->takes_names)
        return cli_usage(cli,
                         "'weir rules %s' wants a rule's name, a group's name, or a place as "
                         "proxy.yaml:12; `weir rules list` shows them",
                         word->name);
    code = instance_find(cli, false, path);
    return code ? code : word->run(cli, path);
}

int command_rules(const struct cli *cli)
{
    const char *given = cli->options.operands[0];
    struct buf out;
    int code;

    for (size_t i = 0; given && i < WORDS; i++)
        if (strcmp(given, words[i].name) == 0)
            return run_word(cli, &words[i]);
    if (given && strcmp(given, "test") == 0)
        return rules_test(cli);
    if (given)
        return unknown_word(cli, given);
    buf_init(&out, TABLE_BYTES);
    help_put_command(&out, SUBCOMMAND_rules, cli->colour_out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}
