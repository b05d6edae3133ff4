#include "cni.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_CONTAINER_ID 200
#define LONGEST_INTERFACE_NAME 15

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

bool is_container_id(const char *text)
{
	if (!is_alphanumeric(*text) || strlen(text) > LONGEST_CONTAINER_ID)
		return false;
	for (; *text; text++)
		if (!is_alphanumeric(*text) && *text != '_' && *text != '.' &&
		    *text != '-')
			return false;
	return true;
}

bool is_interface_name(const char *text)
{
	if (!*text || strlen(text) > LONGEST_INTERFACE_NAME ||
	    strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (; *text; text++)
		if (*text == '/' || *text == ':' || *text == 0x7f ||
		    (unsigned char)*text <= ' ')
			return false;
	return true;
}

static bool failed(const char *what, const char *directory, char *cause,
		   size_t size)
{
	const char *error = strerror(errno);
	snprintf(cause, size, "%s %.200s: %s", what, directory, error);
	return false;
}

static bool sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool done = fsync(fd) == 0;
	close(fd);
	return done;
}

/* Makes what is missing of the path, each step durable in its parent. */
static bool make_directories(char *path)
{
	for (char *at = path + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char end = *at;
		*at = '\0';
		bool made = mkdir(path, 0700) == 0;
		bool fine = made || errno == EEXIST;
		if (made) {
			char *slash = strrchr(path, '/');
			char kept = slash ? slash[1] : '\0';
			if (slash)
				slash[1] = '\0';
			fine = sync_directory(slash ? path : ".");
			if (slash)
				slash[1] = kept;
		}
		*at = end;
		if (!fine || end == '\0')
			return fine;
	}
}

static bool write_durably(int directory, const char *name, const void *bytes,
			  size_t length)
{
	int fd = openat(directory, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (fd < 0)
		return false;
	bool written = write_all(fd, bytes, length) && fsync(fd) == 0;
	int error = errno;
	bool closed = close(fd) == 0;
	if (!written)
		errno = error;
	return written && closed;
}

bool enqueue(const char *directory, const char *container_id,
	     const char *interface_name, const void *frame, size_t length,
	     char *cause, size_t cause_size)
{
	char path[PATH_MAX];
	char name[LONGEST_CONTAINER_ID + LONGEST_INTERFACE_NAME + sizeof ":.del"];
	char temporary[sizeof name + 24]; /* a pid has less; NAME_MAX more */

	if (!*directory || strlen(directory) >= sizeof path) {
		errno = ENAMETOOLONG;
		return failed("the queue", directory, cause, cause_size);
	}
	strcpy(path, directory);
	if (!make_directories(path))
		return failed("making the queue", directory, cause, cause_size);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("opening the queue", directory, cause, cause_size);

	/* No container id has a colon, so no two pairs share a name. */
	snprintf(name, sizeof name, "%s:%s.del", container_id, interface_name);
	snprintf(temporary, sizeof temporary, ".%s.%ld", name, (long)getpid());
	/* One of that name was left by a process that died: pids come again. */
	unlinkat(fd, temporary, 0);
	bool done = write_durably(fd, temporary, frame, length) &&
		    renameat(fd, temporary, fd, name) == 0 && fsync(fd) == 0;
	if (!done) {
		failed("writing to the queue", directory, cause, cause_size);
		unlinkat(fd, temporary, 0);
	}
	close(fd);
	return done;
}
