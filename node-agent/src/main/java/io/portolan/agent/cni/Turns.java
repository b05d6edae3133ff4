package io.portolan.agent.cni;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** One after another for each key; keys that nobody waits for are forgotten. */
final class Turns {
    private static final class Turn {
        private final ReentrantLock lock = new ReentrantLock(true);
        private int interested;
    }

    private final Map<String, Turn> turns = new HashMap<>();

    <T> T inTurn(String key, Supplier<T> action) {
        Turn turn;
        synchronized (turns) {
            turn = turns.computeIfAbsent(key, ignored -> new Turn());
            turn.interested++;
        }
        turn.lock.lock();
        try {
            return action.get();
        } finally {
            turn.lock.unlock();
            synchronized (turns) {
                if (--turn.interested == 0) {
                    turns.remove(key);
                }
            }
        }
    }
}
