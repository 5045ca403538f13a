"""An independent local stand-in for the Twilio Conversation Memory API."""
