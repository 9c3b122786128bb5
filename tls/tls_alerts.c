#include "tls/tls_internal.h"

const struct tls_alert *tls_alert_find(int number)
{
    static const struct tls_alert alerts[] = {
#define TLS_ALERT(number, name, refuses_certificate, meaning)                                      \
    {number, #name, refuses_certificate, meaning},
#include "tls/tls_alerts.def"
#undef TLS_ALERT
    };

    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
        if (alerts[i].number == number)
            return &alerts[i];
    return NULL;
}
