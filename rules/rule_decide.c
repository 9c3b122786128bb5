#include "rules/rule.h"
#include "rules/when_tap.h"

bool rule_decide(const struct rule *rule, const struct rule_view *view, struct rule_key key,
                 uint64_t n, bool fires)
{
    const struct when_tap *tap = rule_slot_tap(rule->slot);
    struct when_decision d;

    if (!tap)
        return fires;
    d = (struct when_decision){.label = rule->label,
                               .rule = rule->dice_name,
                               .when = &rule->when,
                               .key = key,
                               .n = n,
                               .view = view,
                               .fires = fires};
    return tap->decide(tap->self, &d);
}
