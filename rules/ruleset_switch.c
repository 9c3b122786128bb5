/* Rules switched on and off while they run. */
#include <string.h>

#include "base/text.h"
#include "rules/rule.h"

enum { WORDS_SOUGHT = 1500 }; /* names, groups and places, for "did you mean" */

bool rule_is_on(const struct rule *rule)
{
    switch (rule_slot_wish(rule->slot)) {
    case RULE_AS_WRITTEN:
        return rule->enabled;
    case RULE_ON:
        return true;
    case RULE_OFF:
        return false;
    }
    return rule->enabled;
}

bool ruleset_switch(const struct ruleset *rs, size_t i, bool on)
{
    const struct rule *rule = &rs->rules[i];
    bool before = rule_is_on(rule);
    enum rule_wish wish = on ? RULE_ON : RULE_OFF;

    rule_slot_set_wish(rule->slot, on == rule->enabled ? RULE_AS_WRITTEN : wish);
    return before != on;
}

static bool place_is(struct bytes place, struct bytes word)
{
    if (!bytes_ends_with(place, word))
        return false;
    return place.len == word.len || place.ptr[place.len - word.len - 1] == '/';
}

bool ruleset_means(const struct ruleset *rs, size_t i, struct bytes word)
{
    const struct rule *rule = &rs->rules[i];

    if (word.len == 0)
        return false;
    return bytes_equal(bytes_of(rule->name), word) || bytes_equal(bytes_of(rule->group), word) ||
           place_is(bytes_of(rule->place), word);
}

const char *ruleset_nearest(const struct ruleset *rs, struct bytes word)
{
    const char *words[WORDS_SOUGHT];
    size_t count = 0;

    for (uint32_t i = 0; i < rs->count && count + 3 <= WORDS_SOUGHT; i++) {
        const struct rule *rule = &rs->rules[i];

        words[count++] = rule->place;
        if (rule->name[0])
            words[count++] = rule->name;
        if (rule->group[0] && (i == 0 || strcmp(rule->group, rs->rules[i - 1].group) != 0))
            words[count++] = rule->group;
    }
    return text_nearest(word, words, count);
}
