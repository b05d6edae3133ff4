#include "cni.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MILLIS 25

static uint8_t room[5 + LARGEST_ANSWER];

static enum outcome failed(enum outcome outcome, struct answer *answer,
			   const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(answer->cause, sizeof answer->cause, format, arguments);
	va_end(arguments);
	return outcome;
}

/* What an agent that is restarting looks like; anything else stays so. */
static bool passes(int error)
{
	return error == ENOENT || error == ECONNREFUSED || error == EAGAIN ||
	       error == EINTR;
}

/* A connected descriptor that does not block, or -1 with errno. */
static int connect_until(const struct sockaddr_un *address, int64_t until)
{
	for (;;) {
		int fd = socket(AF_UNIX,
				SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			return -1;
		if (connect(fd, (const struct sockaddr *)address,
			    sizeof *address) == 0)
			return fd;
		int error = errno;
		close(fd);
		int rest = left(until);
		if (!passes(error) || rest == 0) {
			errno = error;
			return -1;
		}
		poll(NULL, 0, rest < RETRY_MILLIS ? rest : RETRY_MILLIS);
	}
}

/* True when ready, or when trying will tell; false when it is too late. */
static bool wait_for(int fd, short event, int64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = event };
		int ready = poll(&p, 1, left(until));
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		if (ready == 0)
			return false;
	}
}

static enum outcome send_frame(int fd, const struct request *request,
			       struct answer *answer)
{
	const uint8_t *at = request->frame;
	size_t length = request->frame_length;
	while (length > 0) {
		if (!wait_for(fd, POLLOUT, request->answer_until))
			return failed(TOO_LATE, answer,
				      "it did not read the request in time");
		ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* It may have answered without reading all of it. */
		if (n < 0)
			break;
		at += n;
		length -= (size_t)n;
	}
	return ANSWERED;
}

static enum outcome receive(int fd, size_t from, size_t to,
			    const struct request *request,
			    struct answer *answer)
{
	while (from < to) {
		if (!wait_for(fd, POLLIN, request->answer_until))
			return failed(TOO_LATE, answer,
				      "it did not answer in time");
		ssize_t n = recv(fd, room + from, to - from, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return failed(BROKEN, answer,
				      "the connection broke%s%s%s",
				      from ? " in the middle of the answer"
					   : " before it answered",
				      n < 0 ? ": " : "",
				      n < 0 ? strerror(errno) : "");
		from += (size_t)n;
	}
	return ANSWERED;
}

static enum outcome converse(int fd, const struct request *request,
			     struct answer *answer)
{
	enum outcome outcome = send_frame(fd, request, answer);
	if (outcome != ANSWERED)
		return outcome;
	outcome = receive(fd, 0, 5, request, answer);
	if (outcome != ANSWERED)
		return outcome;
	size_t length = (size_t)room[1] << 24 | (size_t)room[2] << 16 |
			(size_t)room[3] << 8 | (size_t)room[4];
	if (length > LARGEST_ANSWER)
		return failed(TOO_LONG, answer, "it is %zu bytes long", length);
	outcome = receive(fd, 5, 5 + length, request, answer);
	answer->status = room[0];
	answer->body = room + 5;
	answer->length = length;
	return outcome;
}

enum outcome ask_agent(const char *socket_path, const struct request *request,
		       struct answer *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum outcome outcome;

	if (strlen(socket_path) >= sizeof address.sun_path) {
		outcome = failed(NOT_CONNECTED, answer,
				 "the path is too long for a socket");
	} else {
		memcpy(address.sun_path, socket_path, strlen(socket_path));
		int fd = connect_until(&address, request->connect_until);
		if (fd < 0) {
			outcome = failed(NOT_CONNECTED, answer, "%s",
					 strerror(errno));
		} else {
			outcome = converse(fd, request, answer);
			close(fd);
		}
	}
	if (outcome != ANSWERED) {
		char cause[sizeof answer->cause];
		memcpy(cause, answer->cause, sizeof cause);
		snprintf(answer->cause, sizeof answer->cause, "%.200s: %.200s",
			 socket_path, cause);
	}
	return outcome;
}
