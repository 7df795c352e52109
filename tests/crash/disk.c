/* A disk that loses its power. Loaded before the C library (LD_PRELOAD), it lets a process write as always and keeps,
 * in a folder beside, what a disk would still hold if the power failed now: what the process had it sync, and some of
 * what came after, for a disk writes early and in any order, or half of a page. Killing the process alone proves nothing
 * of that, since the kernel remembers what the disk never got.
 *
 * DISK_WATCHED  the database's file; its log is beside it, with `-wal`
 * DISK_KEPT     the folder with what the disk holds, under the same names
 *
 * It knows what SQLite does to those files: pwrite, ftruncate, unlink and syncs. That a file which is new has its name on
 * the disk is taken for granted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DATABASE, LOG, FILES };
enum { SECTOR = 512, EARLY_ONE_IN = 4, ALL_ONE_IN = 64, SLOW_MOST_MICROS = 10000 };

/* Something done to a file that was not synced since: bytes written, or (`bytes` is null) a length set. */
struct change {
    struct change *next;
    unsigned long number;
    off_t at;
    size_t length;
    char *bytes;
};

static struct {
    char path[PATH_MAX];
    int kept;
    struct change *first, **last;
} watched[FILES];

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static unsigned long changes;
static unsigned int dice;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

static void give_up(const char *why) {
    dprintf(STDERR_FILENO, "the watched disk: %s\n", why);
    abort();
}

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) give_up(name);
    return found;
}

__attribute__((constructor)) static void begin(void) {
    real_pwrite = real("pwrite64");
    real_write = real("write");
    real_writev = real("writev");
    real_ftruncate = real("ftruncate64");
    real_fsync = real("fsync");
    real_fdatasync = real("fdatasync");
    real_unlink = real("unlink");
    const char *path = getenv("DISK_WATCHED"), *folder = getenv("DISK_KEPT");
    if (!path || !folder) give_up("DISK_WATCHED and DISK_KEPT are not set");
    const char *name = strrchr(path, '/');
    if (!name) give_up("DISK_WATCHED is not a whole path");
    static const char *endings[FILES] = {"", "-wal"};
    for (int file = 0; file < FILES; file++) {
        char kept[PATH_MAX];
        snprintf(watched[file].path, PATH_MAX, "%s%s", path, endings[file]);
        snprintf(kept, PATH_MAX, "%s%s%s", folder, name, endings[file]);
        watched[file].kept = open(kept, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (watched[file].kept < 0) give_up("DISK_KEPT cannot be written to");
        watched[file].last = &watched[file].first;
    }
    dice = (unsigned int)time(NULL) ^ ((unsigned int)getpid() << 8);
}

/* Which of the files this is; FILES if none. */
static int which(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return FILES;
    path[length] = 0;
    int file = 0;
    while (file < FILES && strcmp(path, watched[file].path)) file++;
    return file;
}

static void keep(int file, const struct change *change, size_t length) {
    ssize_t done = change->bytes ? real_pwrite(watched[file].kept, change->bytes, length, change->at)
                                 : real_ftruncate(watched[file].kept, change->at);
    if (done < 0 || (change->bytes && (size_t)done < length)) give_up("DISK_KEPT is full");
}

static void drop_first(int file) {
    struct change *change = watched[file].first;
    watched[file].first = change->next;
    if (!change->next) watched[file].last = &watched[file].first;
    free(change->bytes);
    free(change);
}

/* The disk may have a change before anybody asked for it, unless it is about the same place as one before that it has
 * not: the kernel holds one state of a page, not two. */
static void perhaps_keep_early(int file, const struct change *change) {
    if (rand_r(&dice) % EARLY_ONE_IN || !change->bytes) return;
    for (struct change *other = watched[file].first; other != change; other = other->next) {
        int apart = other->at >= change->at + (off_t)change->length || change->at >= other->at + (off_t)other->length;
        if (!other->bytes || !apart) return;
    }
    size_t sectors = change->length / SECTOR;
    int torn = sectors > 1 && rand_r(&dice) % 2;
    keep(file, change, torn ? SECTOR * (1 + rand_r(&dice) % (sectors - 1)) : change->length);
}

/* All that was done until then, in order. */
static void keep_until(int file, unsigned long until) {
    while (watched[file].first && watched[file].first->number <= until) {
        keep(file, watched[file].first, watched[file].first->length);
        drop_first(file);
    }
}

static void note(int file, off_t at, const void *bytes, size_t length) {
    struct change *change = calloc(1, sizeof *change);
    if (!change) give_up("no memory");
    change->at = at;
    change->length = length;
    if (bytes) {
        change->bytes = malloc(length);
        if (!change->bytes) give_up("no memory");
        memcpy(change->bytes, bytes, length);
    }
    pthread_mutex_lock(&turn);
    change->number = ++changes;
    *watched[file].last = change;
    watched[file].last = &change->next;
    if (rand_r(&dice) % ALL_ONE_IN)
        perhaps_keep_early(file, change);
    else
        keep_until(file, changes);
    pthread_mutex_unlock(&turn);
}

/* What was written before a sync began is on the disk once that has said so; of what is written meanwhile nobody knows. */
static int sync_file(int fd, int (*real_sync)(int)) {
    int file = which(fd);
    if (file == FILES) return real_sync(fd);
    pthread_mutex_lock(&turn);
    unsigned long until = changes;
    /* So slow that who does not wait for it is caught. */
    useconds_t pause = rand_r(&dice) % SLOW_MOST_MICROS;
    pthread_mutex_unlock(&turn);
    usleep(pause);
    int done = real_sync(fd);
    if (done) return done;
    pthread_mutex_lock(&turn);
    keep_until(file, until);
    pthread_mutex_unlock(&turn);
    return 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    ssize_t written = real_pwrite(fd, bytes, length, at);
    int file = written > 0 ? which(fd) : FILES;
    if (file < FILES) note(file, at, bytes, (size_t)written);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

int ftruncate64(int fd, off_t length) {
    int done = real_ftruncate(fd, length), file = done ? FILES : which(fd);
    if (file < FILES) note(file, length, NULL, 0);
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fsync(int fd) { return sync_file(fd, real_fsync); }

int fdatasync(int fd) { return sync_file(fd, real_fdatasync); }

ssize_t write(int fd, const void *bytes, size_t length) {
    if (which(fd) < FILES) give_up("a write to a watched file without a place");
    return real_write(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (which(fd) < FILES) give_up("a write to a watched file without a place");
    return real_writev(fd, parts, count);
}

/* Gone at once, which is the worst for whatever was to be copied elsewhere before. */
int unlink(const char *path) {
    for (int file = 0; file < FILES; file++) {
        if (strcmp(path, watched[file].path)) continue;
        pthread_mutex_lock(&turn);
        while (watched[file].first) drop_first(file);
        if (real_ftruncate(watched[file].kept, 0)) give_up("DISK_KEPT cannot be written to");
        pthread_mutex_unlock(&turn);
    }
    return real_unlink(path);
}
