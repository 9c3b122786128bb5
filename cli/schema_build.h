/* schema_build: the language of proxy.yaml as a JSON Schema (draft-07), made from the
 * tables that the parser reads by: the keys of each section, match_keys.def, verbs.def,
 * targets.def. Which sections the parts of a rule are read by, the parser is asked. */
#ifndef WEIR_CLI_SCHEMA_BUILD_H
#define WEIR_CLI_SCHEMA_BUILD_H

#include <jansson.h>

#include "cli/config.h"

enum {
    SCHEMA_SECTIONS = 128,
    SCHEMA_NAME_TEXT = 64,
};

/* Definitions so far, and sections that are named but not yet described. */
struct schema_builder {
    json_t *definitions; /* owned */
    struct {
        const struct config_section *section;
        char name[SCHEMA_NAME_TEXT]; /* of its definition */
    } sections[SCHEMA_SECTIONS];
    uint32_t count, described;
    enum status status; /* NO_MEMORY, LIMIT: what was made is of no use */
};

/* All of it; NULL and a reason in *ret_status. The caller drops the reference. */
json_t *schema_build(enum status *ret_status);

/* ---- its parts; what they return is the caller's, NULL is no memory ---- */

/* { "$ref": "#/definitions/NAME" } */
json_t *schema_ref(const char *name);
/* The definition of a section, to be described later. */
json_t *schema_section_ref(struct schema_builder *b, const struct config_section *section);
/* The form that schema_forms.def gives a key, or NULL when there is none. */
const char *schema_shape(const char *section, const char *key);
/* Adds a definition; takes the reference. */
void schema_define(struct schema_builder *b, const char *name, json_t *value);
/* A key of an object; takes the reference. `help` may be NULL. */
void schema_put(struct schema_builder *b, json_t *properties, const char *key, const char *help,
                json_t *value);
/* An object that has these keys and no others; takes the reference. */
json_t *schema_object(json_t *properties);
/* schema_rules.c: match, then, and the sections of rules. */
void schema_rules(struct schema_builder *b);

#endif
