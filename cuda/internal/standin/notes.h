/* What the provider asked of the stand-in runtime, a line each, for a test to read. */
#ifndef DEMOTE_STANDIN_NOTES_H
#define DEMOTE_STANDIN_NOTES_H

void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether an address is in the emulated device's memory, as its driver says. */
int emulated(const void *address);
/* Waits for what FakeQuant has put into streams of the emulated device: it may use memory of this runtime. */
void drain(void);
/* Whether a function is to fail, as a test has asked. */
int fails(const char *function);

/* The test's side. */
const char *demote_standin_notes(void); /* all lines since the last reset; valid until the next note */
void demote_standin_reset(void);
void demote_standin_fail(const char *function); /* every call of it fails from now on; null: none does */

#endif
