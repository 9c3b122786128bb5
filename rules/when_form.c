#include "rules/when_build.h"

/* The map form, as written. */
struct when_form {
    bool once;
    const struct node *first, *after, *every, *percent, *seed, *between, *per;
};

static const struct config_key when_keys[] = {
    {.name = "once",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct when_form, once),
     .help = "the first match only"},
    NODE_KEY(when_form, first, "the first N matches"),
    NODE_KEY(when_form, after,
             "every match after the first N; with `every`, where its count starts"),
    NODE_KEY(when_form, every, "each Kth match"),
    NODE_KEY(when_form, percent, "P% of the matches"),
    NODE_KEY(when_form, seed, "what the dice of `percent` start from"),
    NODE_KEY(when_form, between, "hours of the local day: 22:00 and 6:00"),
    NODE_KEY(when_form, per,
             "what n is counted for: rule, client, connection, host, url, header NAME, cookie "
             "NAME"),
};

static const struct config_section when_section = {"when", when_keys,
                                                   sizeof(when_keys) / sizeof(when_keys[0])};

/* Reads one value of the map with `read`, when it is there. */
static enum status form_read(struct when_builder *b, const struct node *n, uint64_t min,
                             enum status (*read)(struct rule_compiler *c,
                                                 const struct rule_text *text, struct bytes word,
                                                 uint64_t *ret_value),
                             uint64_t *ret_value)
{
    struct rule_text text;
    enum status st = n ? compiler_text(b->c, n, &text) : STATUS_OK;

    if (st || !n)
        return st;
    if (read)
        return read(b->c, &text, text.all, ret_value);
    return count_parse(b->c, &text, text.all, min, ret_value);
}

static enum status form_hours(struct when_builder *b, const struct node *n, struct schedule *s)
{
    struct rule_text text;
    enum status st = n ? compiler_text(b->c, n, &text) : STATUS_OK;

    return st || !n ? st : hours_parse(b->c, &text, text.all, s);
}

static enum status form_per(struct when_builder *b, const struct node *n, struct per *ret_per)
{
    struct rule_text text;
    enum status st = n ? compiler_text(b->c, n, &text) : STATUS_OK;

    return st || !n ? st : per_parse(b, &text, text.all, ret_per);
}

/* One schedule of a form, when its key is there. */
static enum status form_add(struct when_builder *b, const struct node *map, bool there,
                            struct schedule s)
{
    struct rule_text text = {.node = map};

    return there ? schedule_add(b, &text, s) : STATUS_OK;
}

static enum status form_schedules(struct when_builder *b, const struct node *map,
                                  const struct when_form *f, struct per per)
{
    struct schedule first = {.fires = first_fires, .per = per};
    struct schedule after = {.fires = after_fires, .per = per};
    struct schedule every = {.fires = every_fires, .per = per};
    struct schedule percent = {.fires = percent_fires, .per = per, .seed = (uint64_t)b->c->seed};
    struct schedule between = {.fires = between_fires, .per = per};
    struct schedule once = {.fires = first_fires, .per = per, .count = 1};
    enum status st = form_read(b, f->first, 1, NULL, &first.count);

    st = status_worse(st, form_read(b, f->after, 0, NULL, &after.count));
    st = status_worse(st, form_read(b, f->every, 1, ordinal_parse, &every.count));
    st = status_worse(st, form_read(b, f->percent, 0, percent_parse, &percent.count));
    st = status_worse(st, form_read(b, f->seed, 0, NULL, &percent.seed));
    st = status_worse(st, form_hours(b, f->between, &between));
    if (f->seed && !f->percent) {
        node_key_error(b->c->reader.diags, f->seed, "'seed' is for 'percent'");
        st = status_worse(st, STATUS_BAD_CONFIG);
    }
    every.skip = after.count;
    if (st)
        return st;
    st = form_add(b, map, f->once, once);
    st = status_worse(st, form_add(b, map, f->first, first));
    st = status_worse(st, form_add(b, map, f->after && !f->every, after));
    st = status_worse(st, form_add(b, map, f->every, every));
    st = status_worse(st, form_add(b, map, f->percent, percent));
    return status_worse(st, form_add(b, map, f->between, between));
}

enum status when_map_parse(struct when_builder *b, const struct node *map)
{
    struct when_form form = {0};
    struct per per = {.kind = PER_rule};
    enum status st = config_read(&b->c->reader, &when_section, map, &form);

    if (st == STATUS_NO_MEMORY)
        return st;
    st = status_worse(st, form_per(b, form.per, &per));
    st = status_worse(st, form_schedules(b, map, &form, per));
    if (!st && b->per.kind == PER_rule)
        b->per = per;
    return st;
}
