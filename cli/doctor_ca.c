/* The CA's files, the clock that its dates are held against, and who trusts it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/doctor.h"

enum {
    SOON_DAYS = 30, /* a CA that ends within them is told of */
    DAY_SECONDS = 24 * 3600,
};
/* 2026-01-01 and 2100-01-01, in seconds since 1970: no weir is older, and no clock that is
 * right tells later. */
#define CLOCK_EARLIEST INT64_C(1767225600)
#define CLOCK_LATEST INT64_C(4102444800)

/* Of whom: what the command line or the configuration names, else what the data folder
 * holds. False: said why not. */
static bool find_files(struct doctor *d)
{
    char folder[PATHS_TEXT];

    if (launch_ca_named(d->cli, &d->config, d->ca_cert, d->ca_key)) {
        doctor_say(d, DOCTOR_BROKEN, "the files that are named cannot be used");
        return false;
    }
    if (d->ca_cert[0])
        return true;
    if (paths_data(folder) || path_join(folder, "ca.pem", d->ca_cert) ||
        path_join(folder, "ca.key", d->ca_key)) {
        doctor_say(d, DOCTOR_BROKEN, "there is no folder for it: %s", strerror(errno));
        doctor_advise(d, "set XDG_DATA_HOME or HOME to a folder that can be written to");
        return false;
    }
    return true;
}

/* Whoever may write to the folder can put another CA in its place. */
static void look_at_folder(struct doctor *d)
{
    char folder[PATHS_TEXT];
    char *slash;
    struct stat info;

    memcpy(folder, d->ca_key, sizeof(folder));
    slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    if (stat(folder, &info) || !(info.st_mode & (S_IWGRP | S_IWOTH)))
        return;
    doctor_say(d, DOCTOR_BROKEN, "other users may write to the folder of the key, %s (mode %04o)",
               folder, (unsigned)info.st_mode & 07777);
    doctor_advise(d, "chmod 700 %s", folder);
}

static void look_at_dates(struct doctor *d, int64_t now)
{
    int64_t then = now + SOON_DAYS * DAY_SECONDS;
    char error[CA_ERROR_TEXT];
    struct ca *later = NULL;

    if (ca_open_files(d->ca_cert, d->ca_key, then, error, &later) == STATUS_OK) {
        ca_free(later);
        return;
    }
    doctor_say(d, DOCTOR_REMARK, "it ends within %d days: `weir ca show` tells when", SOON_DAYS);
    doctor_advise(d, "remove ca.pem and ca.key to get a new one, then: weir trust");
}

static void say_refused(struct doctor *d, const char *error)
{
    struct stat info;

    doctor_say(d, DOCTOR_BROKEN, "%s", error);
    if (stat(d->ca_key, &info) == 0 && info.st_mode & (S_IRWXG | S_IRWXO))
        doctor_advise(d, "chmod 600 %s", d->ca_key);
    else if (strstr(error, "expired"))
        doctor_advise(d, "make a new one (rm %s %s), then: weir trust", d->ca_cert, d->ca_key);
    else
        doctor_advise(d, "put the files right, or remove both to get a new CA");
}

void doctor_ca(struct doctor *d)
{
    int64_t now = time(NULL);
    char error[CA_ERROR_TEXT] = "";

    if (!find_files(d))
        return;
    if (!path_is_file(d->ca_cert) && !path_is_file(d->ca_key)) {
        doctor_say(d, DOCTOR_OK, "there is none yet: it is made when it is first needed");
        return;
    }
    if (ca_open_files(d->ca_cert, d->ca_key, now, error, &d->ca)) {
        say_refused(d, error);
        return;
    }
    doctor_say(d, DOCTOR_OK, "%s holds, and its key fits", d->ca_cert);
    if (trust_about(&d->trust, d->ca, d->ca_cert))
        doctor_say(d, DOCTOR_BROKEN, "out of memory");
    look_at_folder(d);
    look_at_dates(d, now);
    if (d->running && d->running_ca[0] && strcmp(d->running_ca, d->ca_cert) != 0) {
        doctor_say(d, DOCTOR_REMARK, "the weir that runs has another one: %s", d->running_ca);
        doctor_advise(d, "name its configuration here too: weir doctor -c FILE");
    }
}

void doctor_clock(struct doctor *d)
{
    int64_t now = time(NULL);
    struct tm utc;
    char date[64] = "?";
    struct stat made;

    gmtime_r(&(time_t){now}, &utc);
    strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
    if (now < CLOCK_EARLIEST || now > CLOCK_LATEST) {
        doctor_say(d, DOCTOR_BROKEN, "it says %s, so no certificate will hold", date);
    } else if (d->ca && stat(d->ca_cert, &made) == 0 && made.st_mtime > now + DAY_SECONDS) {
        doctor_say(d, DOCTOR_BROKEN, "it says %s, but the CA was made later", date);
    } else {
        doctor_say(d, DOCTOR_OK, "%s", date);
        return;
    }
    doctor_advise(d, "set the clock: timedatectl set-ntp true");
}

/* ---- who trusts it ---- */

static void look_at_system(struct doctor *d)
{
    bool known;

    if (trust_system_has(&d->trust, &known)) {
        doctor_say(d, DOCTOR_OK, "the system's store has the CA");
        return;
    }
    doctor_say(d, DOCTOR_REMARK,
               known ? "the system's store does not have the CA"
                     : "this system's store is not known to weir");
    doctor_advise(d, known ? "weir trust; or give programs the file: weir env"
                           : "give programs the file: weir env");
}

void doctor_trust(struct doctor *d)
{
    struct nss_list *nss = &d->trust.nss;

    if (!d->ca) {
        doctor_say(d, DOCTOR_REMARK, "there is no CA that could be trusted");
        return;
    }
    look_at_system(d);
    if (!trust_nss_list(&d->trust)) {
        doctor_say(d, DOCTOR_REMARK, "certutil is missing, so that browsers cannot be asked");
        doctor_advise(d, "apt install libnss3-tools, or dnf install nss-tools");
        return;
    }
    for (uint32_t i = 0; i < nss->count; i++) {
        bool has = trust_nss_has(&d->trust, nss->names[i]);

        doctor_say(d, has ? DOCTOR_OK : DOCTOR_REMARK, "%s %s", nss->names[i],
                   has ? "has the CA" : "does not have the CA: that browser will warn");
        if (!has)
            doctor_advise(d, "weir trust");
    }
}
