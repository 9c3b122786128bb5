#include "cli/schema_build.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct form {
    const char *name, *json;
} forms[] = {
#define FORM(name, ...) {#name, #__VA_ARGS__},
#include "cli/schema_forms.def"
};

static const struct shape {
    const char *section, *key, *form;
} shapes[] = {
#define SHAPE(section, key, form) {section, key, #form},
#include "cli/schema_forms.def"
};

json_t *schema_ref(const char *name)
{
    return json_pack("{s:s+}", "$ref", "#/definitions/", name);
}

const char *schema_shape(const char *section, const char *key)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].section, section) == 0 && strcmp(shapes[i].key, key) == 0)
            return shapes[i].form;
    }
    return NULL;
}

void schema_define(struct schema_builder *b, const char *name, json_t *value)
{
    if (json_object_set_new(b->definitions, name, value))
        b->status = STATUS_NO_MEMORY;
}

/* A reference has no other members beside it in draft-07. */
void schema_put(struct schema_builder *b, json_t *properties, const char *key, const char *help,
                json_t *value)
{
    if (json_object_get(value, "$ref"))
        value = json_pack("{s:[o]}", "allOf", value);
    if (help && json_is_object(value) &&
        json_object_set_new(value, "description", json_string(help)))
        b->status = STATUS_NO_MEMORY;
    if (json_object_set_new(properties, key, value))
        b->status = STATUS_NO_MEMORY;
}

json_t *schema_object(json_t *properties)
{
    return json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", 0, "properties",
                     properties);
}

/* ---- sections ---- */

static bool name_is_taken(const struct schema_builder *b, const char *name)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (strcmp(b->sections[i].name, name) == 0)
            return true;
    }
    return false;
}

static const char *section_name(struct schema_builder *b, const struct config_section *section)
{
    char *name;

    for (uint32_t i = 0; i < b->count; i++) {
        if (b->sections[i].section == section)
            return b->sections[i].name;
    }
    if (b->count == SCHEMA_SECTIONS) {
        b->status = STATUS_LIMIT;
        return "any";
    }
    name = b->sections[b->count].name;
    snprintf(name, SCHEMA_NAME_TEXT, "%.40s_keys", section->name);
    if (name_is_taken(b, name))
        snprintf(name, SCHEMA_NAME_TEXT, "%.40s_keys_%" PRIu32, section->name, b->count);
    b->sections[b->count++].section = section;
    return name;
}

json_t *schema_section_ref(struct schema_builder *b, const struct config_section *section)
{
    return schema_ref(section_name(b, section));
}

/* ---- types ---- */

/* YAML may read a word as a number or a bool: 1.2, off. */
static json_t *word_otherwise(const char *word)
{
    static const char *const falses[] = {"off", "no", "false"}, *const trues[] = {"on", "yes",
                                                                                  "true"};
    json_t *number;

    for (size_t i = 0; i < sizeof(falses) / sizeof(falses[0]); i++) {
        if (strcmp(word, falses[i]) == 0)
            return json_false();
        if (strcmp(word, trues[i]) == 0)
            return json_true();
    }
    number = json_loads(word, JSON_DECODE_ANY, NULL);
    if (json_is_number(number))
        return number;
    json_decref(number);
    return NULL;
}

static json_t *words_schema(const char *const *words)
{
    json_t *list = json_array();

    for (; list && *words; words++) {
        json_t *otherwise = word_otherwise(*words);

        if (json_array_append_new(list, json_string(*words)) ||
            (otherwise && json_array_append_new(list, otherwise))) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:[{s:o},o]}", "anyOf", "enum", list, schema_ref("variable"));
}

static json_t *int_schema(const struct config_key *key)
{
    json_t *bounded;

    if (!key->min && !key->max)
        return schema_ref("number");
    bounded = json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum", (json_int_t)key->min,
                        "maximum", (json_int_t)key->max);
    return json_pack("{s:[o,{s:s,s:s},o]}", "anyOf", bounded, "type", "string", "pattern",
                     "^[0-9]+$", schema_ref("variable"));
}

static json_t *key_schema(struct schema_builder *b, const struct config_section *section,
                          const struct config_key *key)
{
    const char *shape = schema_shape(section->name, key->name);

    if (shape)
        return schema_ref(shape);
    switch (key->type) {
    case CONFIG_BOOL:
        return schema_ref("bool");
    case CONFIG_INT:
        return int_schema(key);
    case CONFIG_SIZE:
        return schema_ref("size");
    case CONFIG_DURATION:
        return schema_ref("duration");
    case CONFIG_TEXT:
        return schema_ref("text");
    case CONFIG_WORD:
        return words_schema(key->words);
    case CONFIG_TEXTS:
        return schema_ref("texts");
    case CONFIG_SECTION:
        return schema_section_ref(b, key->section);
    case CONFIG_CUSTOM:
        return schema_ref(key->fallback ? "text" : "any");
    case CONFIG_LATER:
        break;
    }
    return NULL;
}

static json_t *section_schema(struct schema_builder *b, const struct config_section *section)
{
    json_t *properties = json_object();

    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];

        if (key->type != CONFIG_LATER)
            schema_put(b, properties, key->name, key->help, key_schema(b, section, key));
    }
    return schema_object(properties);
}

/* ---- all of it ---- */

static void schema_forms(struct schema_builder *b)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        schema_define(b, forms[i].name, json_loads(forms[i].json, JSON_DECODE_ANY, NULL));
}

/* Describing a section may name others. */
static void schema_sections(struct schema_builder *b)
{
    while (b->described < b->count && !b->status) {
        uint32_t i = b->described++;

        schema_define(b, b->sections[i].name, section_schema(b, b->sections[i].section));
    }
}

json_t *schema_build(enum status *ret_status)
{
    struct schema_builder b = {.definitions = json_object()};
    json_t *root, *all;

    schema_forms(&b);
    schema_rules(&b);
    json_decref(schema_section_ref(&b, expect_section));
    root = section_schema(&b, config_root);
    schema_sections(&b);
    all = json_pack("{s:s,s:s}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
                    "weir's proxy.yaml");
    if (json_object_set_new(all, "definitions", b.definitions) || json_object_update(all, root))
        b.status = STATUS_NO_MEMORY;
    json_decref(root);
    if (b.status) {
        json_decref(all);
        *ret_status = b.status;
        return NULL;
    }
    return all;
}
