#!/bin/sh
# flash-unit.sh IMAGE BUS SERIAL: what the line does with a unit.
set -e
dfukit list --bus "$2" -S "$3"
dfukit download "$1" --bus "$2" -S "$3" -a 0
