#include <stdio.h>
#include <stdlib.h>
#include <readline/readline.h>
#include <readline/history.h>

// Swift 6 does not let C's global variables be named: these set and read them. One thread uses readline.
static inline void apus_readline_prepare(
    rl_completion_func_t *complete, const char *breaks, const char *name) {
  rl_readline_name = name;
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = (char *)breaks;
  rl_basic_word_break_characters = breaks;
  rl_catch_signals = 0;
}
static inline const char *apus_readline_line(void) { return rl_line_buffer ? rl_line_buffer : ""; }
static inline void apus_readline_no_files(void) { rl_attempted_completion_over = 1; }
static inline void apus_readline_append(int character) { rl_completion_append_character = character; }
static inline void apus_readline_abandon(void) {
  rl_callback_sigcleanup();
  rl_free_line_state();
  rl_point = rl_end;
  rl_callback_handler_remove();
}
