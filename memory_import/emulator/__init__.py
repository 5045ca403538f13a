"""An independent local stand-in for the Twilio Conversation Memory API.

It shares nothing with the client it tests: neither code nor constants.
``memory_import.emulator.app.create_app`` gives an ASGI application, ``memory_import.emulator.server`` serves
it on 127.0.0.1.
"""
