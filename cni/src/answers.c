#include "cni.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_VERSION "1.0.0"
#define LONGEST_VERSION 31

static char output[8192];
static size_t used;

static void put(const char *text)
{
	size_t length = strlen(text);
	if (length < sizeof output - used) {
		memcpy(output + used, text, length);
		used += length;
	}
}

/*
 * Bytes beyond ASCII come from paths only and need not be UTF-8: each goes out
 * as a character of its own.
 */
static void put_string(const char *text)
{
	put("\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char piece[8] = { (char)c };
		if (c == '"' || c == '\\')
			snprintf(piece, sizeof piece, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			snprintf(piece, sizeof piece, "\\u%04x", c);
		put(piece);
	}
	put("\"");
}

static bool flush(void)
{
	put("}\n");
	return write_all(1, output, used);
}

int answer_version(const char *version)
{
	put("{\"cniVersion\":");
	put_string(version);
	put(",\"supportedVersions\":"
	    "[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]");
	return flush() ? 0 : 1;
}

int answer_error(const char *version, int code, const char *message)
{
	char number[16];
	snprintf(number, sizeof number, "%d", code);
	put("{\"cniVersion\":");
	put_string(version);
	put(",\"code\":");
	put(number);
	put(",\"msg\":");
	put_string(message);
	flush();
	return 1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_spaces(const char *json, size_t length, size_t at)
{
	while (at < length && is_space(json[at]))
		at++;
	return at;
}

/* The index of the quote that ends the string which begins before at. */
static size_t end_of_string(const char *json, size_t length, size_t at)
{
	while (at < length && json[at] != '"')
		at += json[at] == '\\' ? 2 : 1;
	return at < length ? at : length;
}

static bool is_version(const char *text, size_t length)
{
	if (length == 0 || length > LONGEST_VERSION)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
		      c == '+'))
			return false;
	}
	return true;
}

/* Looks at the outermost object's keys; the agent is the one who parses. */
const char *caller_version(const char *json, size_t length)
{
	static const char key[] = "cniVersion";
	static char found[LONGEST_VERSION + 1];
	int depth = 0;

	for (size_t at = 0; at < length; at++) {
		if (json[at] == '{' || json[at] == '[')
			depth++;
		if (json[at] == '}' || json[at] == ']')
			depth--;
		if (json[at] != '"')
			continue;
		size_t start = at + 1;
		at = end_of_string(json, length, start);
		if (depth != 1 || at - start != sizeof key - 1 ||
		    memcmp(json + start, key, sizeof key - 1) != 0)
			continue;
		size_t value = skip_spaces(json, length, at + 1);
		if (value >= length || json[value] != ':')
			continue;
		value = skip_spaces(json, length, value + 1);
		if (value >= length || json[value] != '"')
			continue;
		size_t end = end_of_string(json, length, value + 1);
		if (end < length && is_version(json + value + 1, end - value - 1)) {
			memcpy(found, json + value + 1, end - value - 1);
			return found;
		}
	}
	return DEFAULT_VERSION;
}
