#!/bin/sh
# Ends the process groups it was told of as soon as its standard input ends. The emulator holds the other end of
# that pipe, so this happens however the emulator dies, also by `kill -9`.
#
# Input, one order a line: "watch <group>" or "forget <group>".
trap '' HUP INT TERM
groups=' '
while read -r order group; do
  case $order in
    watch) groups="$groups$group " ;;
    forget)
      case $groups in
        *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
      esac
      ;;
  esac
done

signal() {
  for group in $groups; do kill -s "$1" -- "-$group" 2>/dev/null; done
}

alive() {
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && return 0; done
  return 1
}

# A stopped process receives no TERM until it continues.
signal TERM
signal CONT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  alive || exit 0
  sleep 0.1
done
signal KILL
