"""The Java program of this folder as an object: phase4 as receiver and as sender, told what to do by JSON lines."""
